"""Headers that keep a page from running anything but our own scripts, and a cookie that never travels in clear."""

import os
from functools import cache
from urllib.parse import urlsplit

from flask import Flask, Response, request
from flask.sessions import SecureCookieSessionInterface
from werkzeug.middleware.proxy_fix import ProxyFix

from stoqflow_web.extensions import settings
from stoqflow_web.this_machine import is_this_machine

# bol's documentation: product pictures come from media.s-bol.com.
PICTURES = ("https://*.s-bol.com", "https://*.bol.com")


def secure(app: Flask) -> None:
    app.session_interface = CookieOfItsConnection()

    @app.after_request
    def add_headers(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = content_policy(settings().bol_api_url)
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["X-Frame-Options"] = "DENY"
        response.headers["Referrer-Policy"] = "same-origin"
        if request.endpoint != "static":
            # Names and addresses of clients must not stay in the browser, nor a fragment stand in for its page.
            response.headers["Cache-Control"] = "no-store"
            response.vary.add("HX-Request")
        return response

    trust_proxies(app, os.environ.get("STOQFLOW_PROXIES") or "0")


@cache
def content_policy(bol_api_url: str) -> str:
    """Everything from ourselves, pictures from bol.com too; a pretend bol.com on this machine shows its own."""
    pictures = " ".join(("'self'", "data:", *PICTURES, *loopback_origin(bol_api_url)))
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; "
        f"img-src {pictures}; "
        "connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )


def loopback_origin(url: str) -> list[str]:
    """`http://127.0.0.1:4300` for an address on this machine, nothing for any other."""
    parts = urlsplit(url)
    return [f"{parts.scheme}://{parts.netloc}"] if is_this_machine(parts.hostname or "") else []


def trust_proxies(app: Flask, count: str) -> None:
    """Believe the last `count` proxies about who asks and whether by https. Raises ValueError with a sentence."""
    if not count.isdigit():
        raise ValueError(f"STOQFLOW_PROXIES is {count!r}; it is the number of proxies in front of Stoqflow, such as 1.")
    if trusted := int(count):
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=trusted, x_proto=trusted, x_host=trusted, x_port=trusted
        )


class CookieOfItsConnection(SecureCookieSessionInterface):
    """A session begun over https never travels in clear."""

    def get_cookie_secure(self, app: Flask) -> bool:
        return request.is_secure

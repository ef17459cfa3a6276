"""One URL answers a browser with the page and htmx with the fragment that the page includes."""

from typing import Any, cast

from flask import Response, make_response, redirect, render_template
from htmx_flask import request


def respond(page: str, fragment: str, /, *, status: int = 200, **context: Any) -> Response:
    """The template `fragment` for an htmx request for a part of the page, else the template `page` around it."""
    template = fragment if wants_fragment() else page
    return make_response(render_template(template, **context), status)


def redirect_to(url: str) -> Response:
    """Onward after a change. A browser asks for `url` by GET; htmx is told to leave the page for it."""
    if request.htmx:
        return Response(status=204, headers={"HX-Redirect": url})
    return cast(Response, redirect(url, 303))


def wants_fragment() -> bool:
    """Whether htmx asks for a part of a page.

    htmx 4 says "full" when the answer replaces the body or when it picks the part itself (hx-select); after the back
    button it needs the whole page again.
    """
    htmx = request.htmx
    if not htmx or htmx.boosted or htmx.history_restore_request:
        return False
    return str(request.headers.get("HX-Request-Type")) != "full"

"""A browser of sorts: follows redirects, fills in forms, and looks at every page for what no page may have."""

import json
import re
from typing import Any
from urllib.parse import urljoin

from bs4 import BeautifulSoup, Tag
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from stoqflow_web.models import User

ESCAPED_TWICE = re.compile(r"&amp;(amp|lt|gt|quot|#\d+);")


class Page:
    """An answer of the app. `.soup` is what BeautifulSoup makes of it; `.text` what a person reads."""

    def __init__(self, response: TestResponse, *, is_fragment: bool = False) -> None:
        self.status = response.status_code
        self.headers = response.headers
        self.url = response.request.full_path.rstrip("?") if response.request.query_string else response.request.path
        self.html = response.get_data(as_text=True)
        self.soup = BeautifulSoup(self.html, "html.parser")
        if response.mimetype == "text/html" and self.html:
            check_page(self, is_fragment=is_fragment)

    @property
    def text(self) -> str:
        return " ".join(self.soup.get_text(" ").split())

    @property
    def heading(self) -> str:
        return self.one("h1").get_text(" ", strip=True)

    @property
    def title(self) -> str:
        return self.one("title").get_text(strip=True)

    def all(self, selector: str) -> list[Tag]:
        return self.soup.select(selector)

    def one(self, selector: str) -> Tag:
        found = self.soup.select(selector)
        assert len(found) == 1, f"{len(found)} of {selector!r} in {self.url}:\n{self.text[:2000]}"
        return found[0]

    def texts(self, selector: str) -> list[str]:
        """What a person reads in each of the elements, white space made single."""
        return [" ".join(tag.get_text(" ").split()) for tag in self.soup.select(selector)]

    def error_beside(self, field: str) -> str:
        """The sentence beside the form field with this name."""
        control = self.one(f"[name={field}]:not([type=hidden])")
        for element_id in str(control.get("aria-describedby", "")).split():
            if element_id.endswith("-error"):
                return self.one(f"#{element_id}").get_text(" ", strip=True)
        raise AssertionError(f"no error beside {field!r}:\n{self.text[:2000]}")


class Browser:
    """One person's browser. `page` is the page it shows."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client
        self.page: Page | None = None
        self.user: User | None = None

    def get(self, url: str) -> Page:
        return self._show(self.client.get(url, follow_redirects=True))

    def submit(self, form: str = "main form", **fields: Any) -> Page:
        """Fill in the form that the selector finds on the page shown, and send it. None leaves a field out."""
        assert self.page is not None, "get a page first"
        tag = self.page.one(form)
        assert tag.name == "form", f"{form!r} is a {tag.name}"
        values = filled_in(tag) | fields
        unknown = [name for name in fields if not tag.select(f"[name={name}]")]
        assert not unknown, f"the form {form!r} has no field {unknown}"
        url = urljoin(self.page.url, str(tag.get("action") or self.page.url))
        data = {name: value for name, value in values.items() if value is not None}
        if str(tag.get("method", "get")).lower() == "get":
            return self._show(self.client.get(url, query_string=data, follow_redirects=True))
        return self._show(self.client.post(url, data=data, follow_redirects=True))

    def htmx_get(self, url: str, **headers: str) -> Page:
        """What htmx gets for a part of the page. The page shown stays."""
        return Page(self.client.get(url, headers=self._htmx_headers() | headers), is_fragment=True)

    def htmx_post(self, url: str, headers: dict[str, str] | None = None, **fields: Any) -> Page:
        """A lone htmx button or form; the token comes from the body of the page shown."""
        return Page(
            self.client.post(url, data=fields, headers=self._htmx_headers() | (headers or {})), is_fragment=True
        )

    def _show(self, response: TestResponse) -> Page:
        self.page = Page(response)
        return self.page

    def _htmx_headers(self) -> dict[str, str]:
        headers = {"HX-Request": "true", "HX-Request-Type": "partial"}
        if self.page is not None:
            headers["HX-Current-URL"] = f"http://localhost{self.page.url}"
            if body := self.page.soup.select("body"):
                headers |= json.loads(str(body[0].get("hx-headers:inherited") or "{}"))
        return headers


def filled_in(form: Tag) -> dict[str, Any]:
    """What a browser would send if nothing was typed: what stands in the form, and what names it from elsewhere."""
    values: dict[str, Any] = {}
    controls = form.select("input[name], select[name], textarea[name]")
    if "id" in form.attrs and form.parent is not None:
        controls += form.find_parents()[-1].select(f"[name][form='{form['id']}']")
    for control in controls:
        name, kind = str(control["name"]), str(control.get("type", ""))
        if control.name == "select":
            chosen = control.select("option[selected]") or control.select("option")[:1]
            values[name] = str(chosen[0].get("value", chosen[0].get_text())) if chosen else None
        elif control.name == "textarea":
            values[name] = control.get_text()
        elif kind in ("checkbox", "radio"):
            if control.has_attr("checked"):
                values[name] = str(control.get("value", "on"))
        elif kind not in ("submit", "button", "file"):
            values[name] = str(control.get("value", ""))
    return values


def check_page(page: Page, *, is_fragment: bool) -> None:
    """What must be true of every page, whatever it is about.

    The tags are gone through once: a selector goes through all of them for each question, and this is asked of
    every page of every test.
    """
    soup, where = page.soup, page.url
    tags = [part for part in soup.descendants if isinstance(part, Tag)]
    if not is_fragment:
        headings = sum(tag.name == "h1" for tag in tags)
        assert headings == 1, f"{where} has {headings} h1"
        assert soup.title, f"{where} has no title"
        assert soup.title.get_text(strip=True), f"{where} has an empty title"
    assert "default-src 'none'" in page.headers.get("Content-Security-Policy", ""), f"{where} has no strict CSP"
    labelled = {str(tag["for"]) for tag in tags if tag.name == "label" and tag.has_attr("for")}
    ids: list[str] = []
    for tag in tags:
        name = tag.name
        if is_typed_in(tag):
            assert has_label(tag, labelled), f"{where}: no label for {tag}"
        assert name != "style", f"{where} has inline style"
        assert name != "script" or tag.get("src"), f"{where} has an inline script"
        assert name != "img" or tag.has_attr("alt"), f"{where}: an image without alt: {tag}"
        assert "style" not in tag.attrs, f"{where} has inline style"
        eventful = [attribute for attribute in tag.attrs if attribute.startswith(("on", "hx-on"))]
        assert not eventful, f"{where}: {name} has {eventful}"
        if "id" in tag.attrs:
            ids.append(str(tag.attrs["id"]))
    assert len(ids) == len(set(ids)), f"{where} has doubled ids: {sorted({i for i in ids if ids.count(i) > 1})}"
    assert not ESCAPED_TWICE.search(page.html), f"{where} escapes twice: {ESCAPED_TWICE.search(page.html)}"


def is_typed_in(tag: Tag) -> bool:
    """Whether it is a control that a person fills in, rather than a button or something hidden."""
    if tag.name == "input":
        return str(tag.get("type", "")).lower() not in ("hidden", "submit", "button")
    return tag.name in ("select", "textarea")


def has_label(control: Tag, labelled: set[str]) -> bool:
    """`labelled` are the ids that labels of the page are for."""
    if control.get("aria-label") or control.get("aria-labelledby") or control.find_parent("label"):
        return True
    return bool(control.get("id")) and control["id"] in labelled

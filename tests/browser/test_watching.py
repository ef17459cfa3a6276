"""The watcher itself: what no page may do is noticed, so its silence means something."""

import pytest
from playwright.sync_api import Page

from tests.browser.watching import pale_texts, sticking_out


@pytest.mark.parametrize(
    ("deed", "complaint"),
    [
        ("() => document.body.insertAdjacentHTML('beforeend', '<p style=\"color: red\">red</p>')", "policy"),
        ("() => console.error('something is wrong')", "something is wrong"),
        ("() => { setTimeout(() => { throw new Error('stumbled') }) }", "stumbled"),
        ("() => fetch('/static/nowhere.css')", "404"),
    ],
    ids=["breaks the policy", "prints an error", "throws", "asks for what is not there"],
)
def test_what_no_page_may_do_is_noticed(house, page: Page, deed: str, complaint: str) -> None:
    page.goto("/sign-in")
    assert page.watcher.complaints == []
    page.evaluate(deed)
    page.wait_for_timeout(200)  # the complaint comes by an event of its own
    assert complaint in " ".join(page.watcher.complaints)
    page.watcher.complaints.clear()


def test_what_hangs_over_the_edge_or_can_not_be_read_is_found(house, page: Page) -> None:
    page.goto("/sign-in")
    assert sticking_out(page) + pale_texts(page) == []
    page.evaluate("() => { document.querySelector('h1').style.cssText = 'min-width: 3000px; color: #eee' }")
    assert any(fault.startswith("H1.") for fault in sticking_out(page))
    assert pale_texts(page)

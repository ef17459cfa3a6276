"""From linking a shop to its orders on the page, and what happens when bol.com takes the keys back."""

from collections import Counter
from collections.abc import Callable

import pytest
from flask import Flask

from stoqflow_web.bol.sandbox import RunningSandbox, SandboxOptions, World, make_sandbox
from stoqflow_web.bol.sandbox.records import Item, Order
from tests.support import jobs
from tests.support.browsing import Browser, Page
from tests.support.jobs import run_jobs
from tests.support.sellers import Sellers

MINE, OTHER = "Home & Kitchen NL", "Outdoor BE"


@pytest.fixture
def sandbox_options() -> SandboxOptions:
    return SandboxOptions(orders=60, offers=80, limits=False)


@pytest.fixture
def other_account(sandbox: RunningSandbox) -> World:
    """A second seller at the same bol.com, known by its keys and its tokens."""
    options = SandboxOptions(
        orders=12,
        offers=10,
        seed=7,
        limits=False,
        client_id="11111111-2222-4333-8444-555555555555",
        client_secret="the-secret-of-the-other",
        retailer_id="2000001",
        shop_name="Buitenplezier",
    )
    other = make_sandbox(options)
    sandbox._server.app = Sellers([sandbox.sandbox, other])
    return other.world


@pytest.fixture(autouse=True)
def leave_pictures_to_another_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """They come at bol's limit of 50 a minute."""
    monkeypatch.setattr(jobs, "QUEUES", ("urgent", "default"))


@pytest.fixture
def manager(signed_in: Callable[..., Browser]) -> Browser:
    return signed_in()


def link(manager: Browser, world: World, name: str) -> Page:
    manager.get("/shops/new")
    options = world.options
    return manager.submit("#shop-form", name=name, api_key=options.client_id, api_secret=options.client_secret)


def transfer(app: Flask, manager: Browser, shop: str, kind: str) -> str:
    """Press the button on the shop's page, let the worker do its work; what the row then says."""
    manager.get(shop)
    manager.submit(f"#transfer-{kind} form")
    run_jobs(app)
    return row(manager.get(shop), kind)


def row(page: Page, kind: str) -> str:
    return page.texts(f"#transfer-{kind}")[0]


def orders_on_the_pages(manager: Browser) -> list[Page]:
    """Each order's own page, reached by leafing through the list as a person does."""
    found, page = [], manager.get("/orders")
    while True:
        found += [str(link["href"]) for link in page.all("#orders tbody .table__link")]
        following = page.all("a[rel=next]")
        if not following:
            return [manager.get(address) for address in found]
        page = manager.get(str(following[0]["href"]))


def bol_id(page: Page) -> str:
    return page.texts(".crumbs")[0].rpartition(" ")[2]


def to_ship(order: Order) -> list[Item]:
    return [item for item in order.items if item.method == "FBR" and item.is_open]


def check_order(page: Page, order: Order) -> None:
    """The page against what bol has: who, what, how many, until when."""
    client = order.shipment_details
    name = " ".join(str(client[part]) for part in ("firstName", "surname") if client.get(part))
    assert " ".join(name.split()) in page.texts("address")[0], order.order_id
    facts = dict(zip(page.texts(".key-values dt"), page.texts(".key-values dd"), strict=True))
    lines = " ".join(page.texts("main .table tbody tr"))
    for item in to_ship(order):
        assert f"{item.open} ×" in lines
        assert item.ean in lines
        if item.reference:
            assert item.reference in lines
    days = [item.exact_delivery_date or item.latest_delivery_date for item in to_ship(order)]
    day = min(day for day in days if day)
    assert f"{day.day} {day:%b}" in (facts.get("Exact delivery") or facts["Latest delivery"])


def test_from_linking_to_every_open_order_on_the_orders_page(
    app: Flask, sandbox: RunningSandbox, manager: Browser
) -> None:
    for _ in range(3):
        sandbox.world.add_offer(reference=None)
    page = link(manager, sandbox.world, MINE)
    assert (page.heading, page.url) == (MINE, "/shops/1")
    assert f"Keuken & Buiten · {sandbox.world.options.retailer_id}" in page.text

    manager.get("/shops/1/readiness")
    manager.submit("#transfer-readiness form")
    run_jobs(app)
    without = [offer for offer in sandbox.world.offers.values() if not offer.reference]
    report = manager.get("/shops/1/readiness").texts("#report .row")
    assert any(f"{len(without)} found" in check for check in report), report

    assert "83 offers" in transfer(app, manager, "/shops/1", "products")
    there = sandbox.world.open_order_ids()
    assert f"{len(there)} orders · {len(there)} new" in transfer(app, manager, "/shops/1", "orders")

    pages = orders_on_the_pages(manager)
    assert Counter(bol_id(page) for page in pages) == Counter(there)
    assert manager.get("/orders").texts("[aria-current=page] .count")[0] == str(len(there))
    for page in pages:
        check_order(page, sandbox.world.order(bol_id(page)))

    # Pressing again doubles nothing.
    assert f"{len(there)} already here" in transfer(app, manager, "/shops/1", "orders")
    assert len(orders_on_the_pages(manager)) == len(there)


def test_revoked_keys_stop_one_shop_and_new_keys_start_it_again(
    app: Flask, sandbox: RunningSandbox, other_account: World, manager: Browser
) -> None:
    assert link(manager, sandbox.world, MINE).url == "/shops/1"
    page = link(manager, other_account, OTHER)
    assert page.url == "/shops/2"
    assert "Buitenplezier · 2000001" in page.text
    transfer(app, manager, "/shops/1", "orders")
    before = len(sandbox.world.open_order_ids())
    late = sandbox.world.place_order()

    # bol.com takes the keys back: the shop says so, and a transfer is refused with a sentence.
    sandbox.world.revoke_keys()
    assert "Failed" in transfer(app, manager, "/shops/1", "orders")
    page = manager.get("/shops/1")
    assert page.texts(".banners .notice--danger strong") == [f"bol.com refuses the keys of {page.heading}"]
    assert "Access lost" in page.texts(".page-head .pill")
    assert page.all("#transfer-orders form") == []
    token = page.all("main [name=csrf_token]")[0]["value"]
    refused = manager.client.post("/shops/1/imports", data={"kind": "orders", "csrf_token": token})
    assert refused.status_code == 409
    assert "Replace the keys first." in refused.get_data(as_text=True)
    assert len(orders_on_the_pages(manager)) == before  # what was fetched stays

    # The other shop goes on.
    others = other_account.open_order_ids()
    assert f"{len(others)} orders · {len(others)} new" in transfer(app, manager, "/shops/2", "orders")
    states = manager.get("/shops").texts("tbody .pill")
    assert states == ["Access lost", "Linked"]

    # New keys that work, for the same account, and the shop goes on where it was.
    sandbox.world.restore_keys()
    manager.get("/shops/1/keys")
    options = sandbox.world.options
    page = manager.submit("#keys-form", api_key=options.client_id, api_secret=options.client_secret)
    assert page.url == "/shops/1"
    assert page.all(".banners .notice") == []
    assert "Linked" in page.texts(".page-head .pill")
    assert "1 new" in transfer(app, manager, "/shops/1", "orders")
    everything = Counter([*sandbox.world.open_order_ids(), *others])
    assert Counter(bol_id(page) for page in orders_on_the_pages(manager)) == everything
    assert everything[late] == 1

"""What sellers and clients wrote without a space, as long as it may be, pushes nothing out of sight."""

import pytest

from stoqflow_web.models import MarketplaceOrder, OrderLine
from stoqflow_web.transaction import transaction
from tests.browser.conftest import PHONE, WIDE
from tests.browser.watching import sticking_out

LONGEST = "x" * 500

# Boxes that must be scrolled sideways, and cells that end behind the edge of theirs.
OUT_OF_SIGHT = """
() => [...document.querySelectorAll("main .card")].flatMap((card) => {
  const edge = card.getBoundingClientRect().right + 1;
  const cells = [...card.querySelectorAll("th, td")].filter((cell) => cell.getBoundingClientRect().right > edge);
  const faults = cells.map((cell) => `${cell.tagName} ${cell.textContent.trim().slice(0, 40)}`);
  return card.scrollWidth > card.clientWidth ? [...faults, `${card.scrollWidth} wide in ${card.clientWidth}`] : faults;
})
"""


@pytest.fixture
def order(filled_house):
    """The ids of an order and its product, whose title, client and city are each one long word."""
    with filled_house.app.app_context(), transaction() as tx:
        line = tx.session.query(OrderLine).filter(OrderLine.product_id.is_not(None)).order_by(OrderLine.id).first()
        line.product.title = LONGEST
        line.product.sku = "S" * 50
        family = tx.session.get_one(MarketplaceOrder, line.sales_order.marketplace_order_id)
        family.client_name, family.client_city = "N" * 120, "C" * 60
        return line.sales_order_id, line.product_id


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_one_long_word_leaves_every_column_in_sight(order, browse, sign_in, shoot, size):
    order_id, product_id = order
    page = sign_in(browse(viewport=size))
    found = {}
    for path in ("/orders", f"/orders/{order_id}", "/products", f"/products/{product_id}"):
        page.goto(path)
        found[path] = sticking_out(page) + page.evaluate(OUT_OF_SIGHT)
        shoot(page, f"long-{size['width']}{path.replace('/', '-')}")
    assert {path: faults for path, faults in found.items() if faults} == {}

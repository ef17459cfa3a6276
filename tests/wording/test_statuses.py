"""The pills: words and tones."""

from datetime import UTC, datetime

import pytest

from stoqflow_web.models import MarketplaceItem, OrderLine, Product, SalesOrder
from stoqflow_web.models.sales_orders import COMPLETE, ON_HOLD, READY_TO_PICK, STATUSES
from stoqflow_web.queries.order_details import stock_for_lines
from stoqflow_web.wording.statuses import line_to_choose, status_pill, stock_pill


@pytest.fixture(autouse=True)
def words(app):
    with app.test_request_context():
        yield


def order_of(*lines, status=ON_HOLD, is_cancellation_requested=False):
    """Each line: (product, quantity); no product means that nobody knows it."""
    return SalesOrder(
        status=status,
        is_cancellation_requested=is_cancellation_requested,
        lines=[
            OrderLine(
                id=position,
                product=product,
                product_id=product and product.id,
                quantity=quantity,
                item=MarketplaceItem(),
            )
            for position, (product, quantity) in enumerate(lines)
        ],
    )


def product(on_hand, reserved=0, key=1):
    return Product(id=key, sku=f"P{key}", on_hand=on_hand, reserved=reserved)


def test_an_order_on_hold_says_how_much_is_short():
    assert status_pill(order_of((product(1), 3), (product(9, key=2), 1))).words == "On hold · 2 short"


def test_an_unknown_product_is_said_before_what_is_short():
    assert status_pill(order_of((product(0), 3), (None, 1))).words == "On hold · choose product"


def test_the_line_to_choose_is_one_that_must_still_leave():
    canceled, none_left = order_of((None, 1), (product(9), 1)), order_of((None, 0), (product(9), 1))
    canceled.lines[0].canceled_at = datetime(2026, 11, 23, tzinfo=UTC)
    for order in (canceled, none_left, order_of((None, 1), is_cancellation_requested=True)):
        assert line_to_choose(order) is None
        assert "choose" not in status_pill(order).words
    unknown = order_of((product(9), 1), (None, 1))
    assert line_to_choose(unknown) is unknown.lines[1]


def test_a_wish_to_cancel_is_more_urgent_than_the_status_of_an_open_order_only():
    assert status_pill(order_of(status=READY_TO_PICK, is_cancellation_requested=True)).tone == "danger"
    assert status_pill(order_of(status=COMPLETE, is_cancellation_requested=True)).words == "Complete"


@pytest.mark.parametrize("status", STATUSES)
def test_no_status_is_green_because_green_is_bols_confirmation(status):
    assert status_pill(order_of((product(5), 1), status=status)).tone != "ok"


def test_what_a_ready_order_has_reserved_counts_as_there():
    line = stock_for_lines(order_of((product(3, reserved=3), 2), status=READY_TO_PICK))[0]
    assert (line.there, line.short) == (2, 0)
    assert stock_pill(line).words == "In stock 2"


def test_what_others_have_reserved_is_not_there():
    line = stock_for_lines(order_of((product(3, reserved=2), 2)))[0]
    assert (line.there, line.short) == (1, 1)
    assert stock_pill(line).words == "Short 1"


def test_two_lines_of_one_product_share_what_there_is():
    shared = product(3)
    first, second = stock_for_lines(order_of((shared, 2), (shared, 2))).values()
    assert (first.short, second.there, second.short) == (0, 1, 1)


def test_less_than_nothing_counts_as_nothing():
    assert stock_for_lines(order_of((product(-2), 1)))[0].short == 1

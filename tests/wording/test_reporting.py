"""What bol.com knows of an order: its words, its colour, and when a page asks again."""

from datetime import timedelta

import pytest
from flask import Flask
from flask_babel import Babel

from stoqflow_web.exchange import FBR
from stoqflow_web.models import MarketplaceOrder, OrderLine, SalesOrder, Shop, Writeback
from stoqflow_web.models.marketplace_orders import MarketplaceItem
from stoqflow_web.models.sales_orders import CANCELED, COMPLETE, DELETED, READY_TO_PICK
from stoqflow_web.models.writebacks import (
    CANCELLATION,
    CONFIRMED,
    EXHAUSTED,
    NEEDS_ATTENTION,
    PENDING,
    REJECTED,
    SENDING,
    SHIPMENT,
    SUBMITTED,
    TRANSPORT,
    WITHDRAWN,
)
from stoqflow_web.wording import reporting
from stoqflow_web.wording.reporting import hold_ends_at, look_again_in, report_of, row_pill, steps_of
from tests.support.clocks import MONDAY_MORNING as NOW  # 09:12 in Amsterdam

MINUTES = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def language():
    app = Flask(__name__)
    Babel(app)
    with app.test_request_context():
        yield


def order(status=COMPLETE, *rows, family=None, number="SO-1", canceled=()):
    """A part of a family with a line for each item id 1 and 2; the lines of `canceled` items are canceled."""
    family = family or MarketplaceOrder(shop=Shop(waits_for_all_parts=True, hold_minutes=2))
    made = SalesOrder(number=number, status=status, marketplace_order=family, id=len(family.sales_orders) + 1)
    made.writebacks = list(rows)
    for item in (1, 2):
        line = OrderLine(marketplace_item_id=item, quantity=1, item=MarketplaceItem(id=item, fulfilment_method=FBR))
        line.canceled_at = NOW if item in canceled or status == CANCELED else None
        made.lines.append(line)
    return made


def row(state=PENDING, kind=SHIPMENT, minutes=2, item=None, **fields):
    given = {"tries": 0, "id": 1} | fields
    return Writeback(state=state, kind=kind, not_before=NOW + minutes * MINUTES, marketplace_item_id=item, **given)


def pill(made):
    shown = report_of(made, now=NOW).pill
    return (shown.words, shown.tone) if shown else None


CONFIRMED_BY_BOL = ("Confirmed by bol", "ok")


@pytest.mark.parametrize(
    ("rows", "shown"),
    [
        ([row()], ("Queued · undo until 09:14", "info")),
        ([row(), row(minutes=1)], ("Queued · undo until 09:13", "info")),
        ([row(minutes=0)], ("Queued", "info")),
        ([row(tries=1, minutes=5)], ("Queued · next try 09:17", "info")),
        ([row(SENDING)], ("Queued", "info")),
        ([row(SENDING, sent_at=NOW, lease_until=NOW)], ("Sent to bol", "info")),
        ([row(SUBMITTED)], ("Sent to bol", "info")),
        ([row(CONFIRMED)], CONFIRMED_BY_BOL),
        ([row(CONFIRMED), row(SUBMITTED)], ("Sent to bol", "info")),
        ([row(CONFIRMED), row()], ("Queued", "info")),
        ([row(WITHDRAWN), row(CONFIRMED)], CONFIRMED_BY_BOL),
        ([row(CONFIRMED), row(NEEDS_ATTENTION, why=REJECTED)], ("Refused by bol", "danger")),
        ([row(NEEDS_ATTENTION, why=EXHAUSTED)], ("Needs attention", "danger")),
        ([row(CONFIRMED), row(PENDING, TRANSPORT)], CONFIRMED_BY_BOL),
        ([row(CONFIRMED), row(NEEDS_ATTENTION, TRANSPORT, why=REJECTED)], CONFIRMED_BY_BOL),
        ([], None),
        ([row(WITHDRAWN)], None),
    ],
)
def test_a_complete_order_shows_the_least_that_is_true_of_its_messages(rows, shown):
    assert pill(order(COMPLETE, *rows)) == shown


def test_an_open_order_has_nothing_to_tell_and_is_never_green():
    assert pill(order(READY_TO_PICK)) is None
    assert pill(order(READY_TO_PICK, row(CONFIRMED, CANCELLATION, item=1), canceled=[1])) is None
    assert pill(order(READY_TO_PICK, row(kind=CANCELLATION, item=1), canceled=[1])) == (
        "Queued · undo until 09:14",
        "info",
    )


def test_a_final_part_waits_for_the_open_ones():
    made = order()
    order(READY_TO_PICK, family=made.marketplace_order, number="SO-1-BO")
    order(DELETED, family=made.marketplace_order, number="SO-1-BO2")
    assert pill(made) == ("Waits for SO-1-BO", "violet")


def test_a_part_that_was_told_by_itself_waits_for_nobody():
    made = order(COMPLETE, row(CONFIRMED))
    order(READY_TO_PICK, family=made.marketplace_order, number="SO-1-BO")
    assert pill(made) == CONFIRMED_BY_BOL


def test_a_part_with_a_canceled_line_that_is_not_told_yet_is_not_green():
    made = order(COMPLETE, row(CONFIRMED), canceled=[2])
    order(READY_TO_PICK, family=made.marketplace_order, number="SO-1-BO")
    assert pill(made) == ("Waits for SO-1-BO", "violet")


def test_two_canceled_parts_share_the_one_cancellation_of_an_item():
    one = order(CANCELED, row(SUBMITTED, CANCELLATION, item=1), row(SUBMITTED, CANCELLATION, item=2, id=2))
    other = order(CANCELED, family=one.marketplace_order, number="SO-1-BO")
    assert pill(other) == pill(one) == ("Sent to bol", "info")


@pytest.mark.parametrize(
    ("made", "current", "is_confirmed"),
    [
        (order(READY_TO_PICK), "Open", False),
        (order(COMPLETE, row()), "Queued", False),
        (order(COMPLETE, row(SUBMITTED)), "Sent", False),
        (order(COMPLETE, row(SENDING)), "Queued", False),
        (order(COMPLETE, row(SENDING, sent_at=NOW)), "Sent", False),
        (order(COMPLETE, row(NEEDS_ATTENTION, why=REJECTED, sent_at=NOW)), "Sent", False),
        (order(COMPLETE, row(NEEDS_ATTENTION, why=EXHAUSTED)), "Queued", False),
        (order(COMPLETE, row(CONFIRMED)), "Confirmed", True),
    ],
)
def test_the_steps_are_only_green_at_their_end(made, current, is_confirmed):
    steps = steps_of(made, report_of(made, now=NOW))
    assert [step.words for step in steps] == ["Open", "Queued", "Sent", "Confirmed"]
    assert [(step.words, step.is_confirmed) for step in steps if step.is_current] == [(current, is_confirmed)]


def test_there_are_no_steps_when_bol_is_told_nothing():
    made = order(CANCELED)
    made.lines.clear()
    assert steps_of(made, report_of(made, now=NOW)) == []


@pytest.mark.parametrize(
    ("rows", "seconds"),
    [
        ([], None),
        ([row(CONFIRMED)], None),
        ([row(NEEDS_ATTENTION)], None),
        ([row(SUBMITTED), row(minutes=15)], 2),
        ([row(minutes=0)], 2),
        ([row(minutes=2)], 15),
        ([row(minutes=0.1)], 6),
    ],
)
def test_a_page_asks_again_only_while_something_can_change(rows, seconds):
    again = look_again_in(rows, now=NOW)
    assert (again and again.total_seconds()) == seconds


def test_the_hold_ends_with_the_first_message_that_leaves():
    assert hold_ends_at([row(minutes=3), row(minutes=2)], now=NOW) == NOW + 2 * MINUTES
    assert hold_ends_at([row(minutes=3), row(SENDING)], now=NOW) is None
    assert hold_ends_at([row(sent_at=NOW)], now=NOW) is None
    assert hold_ends_at([], now=NOW) is None


def test_green_is_for_what_bol_confirmed_and_for_nothing_else():
    for state in (PENDING, SENDING, SUBMITTED, NEEDS_ATTENTION):
        assert row_pill(row(state), now=NOW).tone != "ok"
        assert report_of(order(COMPLETE, row(state)), now=NOW).state != reporting.KNOWN
    assert row_pill(row(CONFIRMED), now=NOW).tone == "ok"


def test_a_lost_answer_is_said_to_be_looked_for():
    lost = row(SENDING, sent_at=NOW, lease_until=None)
    words = "Sent · checking whether bol.com has it"
    assert pill(order(COMPLETE, lost)) == (words, "info")
    assert row_pill(lost, now=NOW).words == words
    assert row_pill(row(SENDING, sent_at=NOW, lease_until=NOW + MINUTES), now=NOW).words == "Sent to bol"

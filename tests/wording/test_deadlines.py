"""What is said of deadlines, now and while a page stays open."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from stoqflow_web.clock import AMSTERDAM
from stoqflow_web.deadlines import deadline_for
from stoqflow_web.models import MarketplaceItem, OrderLine, SalesOrder, Shop
from stoqflow_web.models.marketplace_orders import FAR_AWAY
from stoqflow_web.models.sales_orders import CANCELED, COMPLETE, ON_HOLD, READY_TO_PICK
from stoqflow_web.wording import deadlines

MONDAY, TUESDAY, WEDNESDAY, THURSDAY = (date(2026, 11, day) for day in (23, 24, 25, 26))


@pytest.fixture(autouse=True)
def words(app):
    with app.test_request_context():
        yield


def monday(hour: int, minute: int = 0, *, days: int = 0) -> datetime:
    """A moment of that Monday in Amsterdam, or of some days later."""
    moment = datetime(2026, 11, 23, hour, minute, tzinfo=AMSTERDAM) + timedelta(days=days)
    return moment.astimezone(UTC)


def order_for(day: date | None, *, status: str = READY_TO_PICK, expires_on: date | None = None) -> SalesOrder:
    item = MarketplaceItem(quantity=1, quantity_shipped=0, quantity_cancelled=0, expires_on=expires_on)
    return SalesOrder(
        status=status,
        deliver_by=day,
        sort_day=day or expires_on or FAR_AWAY,
        shop=Shop(collected_at=time(17, 30)),
        lines=[OrderLine(item=item, quantity=1)],
    )


@pytest.mark.parametrize(
    ("now", "day", "words", "tone", "sentence"),
    [
        (monday(14, 18), TUESDAY, "Today 17:30 · 3 h left", "danger", "Ship today before 17:30 · 3 h 12 min left"),
        (monday(17, 18), TUESDAY, "Today 17:30 · 12 min left", "danger", "Ship today before 17:30 · 12 min left"),
        (monday(17, 29), TUESDAY, "Today 17:30 · 1 min left", "danger", "Ship today before 17:30 · 1 min left"),
        (monday(0), TUESDAY, "Today 17:30 · 17 h left", "danger", "Ship today before 17:30 · 17 h 30 min left"),
        (monday(17, 30), TUESDAY, "Late · 1 min", "danger", "Ship now · 1 min late"),
        (monday(20, 42), TUESDAY, "Late · 3 h", "danger", "Ship now · 3 h 12 min late"),
        (monday(20, days=1), TUESDAY, "Late · 1 day", "danger", "Ship now · 1 day late"),
        (monday(9), date(2026, 11, 21), "Late · 2 days", "danger", "Ship now · 2 days late"),
        (monday(9), WEDNESDAY, "Tomorrow", "warn", "Ship tomorrow before 17:30"),
        (monday(9), THURSDAY, "Wed 25 Nov", "neutral", "Ship by Wed 25 Nov"),
        (monday(9), date(2026, 11, 30), "Sat 28 Nov", "neutral", "Ship by Sat 28 Nov"),
        (monday(9), date(2027, 1, 5), "Mon 4 Jan 2027", "neutral", "Ship by Mon 4 Jan 2027"),
    ],
)
def test_a_deadline_is_louder_the_nearer_it_is(now, day, words, tone, sentence):
    order = order_for(day)
    pill, said = deadlines.deadline_pill(order, now=now), deadlines.deadline_sentence(order, now=now)
    assert (pill.words, pill.tone) == (words, tone)
    assert (said.words, said.tone) == (sentence, tone)


def test_every_shop_has_its_own_carrier():
    order = order_for(TUESDAY)
    order.shop.collected_at = time(12, 5)
    assert deadlines.deadline_pill(order, now=monday(12)).words == "Today 12:05 · 5 min left"
    assert deadlines.ship_by(order, now=monday(12)) == "Mon 23 Nov 12:05"


def test_hours_are_counted_right_over_the_night_in_which_the_clocks_change():
    monday_after = order_for(date(2026, 10, 26))  # ships on Saturday the 24th, 17:30
    now = datetime(2026, 10, 25, 17, 30, tzinfo=AMSTERDAM)  # 25 hours later
    assert deadlines.deadline_sentence(monday_after, now=now.astimezone(UTC)).words == "Ship now · 1 day late"
    assert deadlines.deadline_sentence(monday_after, now=now.astimezone(UTC) - timedelta(hours=2)).words == (
        "Ship now · 23 h 0 min late"
    )


def test_a_pill_brings_along_what_it_says_later():
    order = order_for(WEDNESDAY)
    data = deadlines.deadline_pill(order, now=monday(9)).data
    assert data == {
        "at": monday(17, 30, days=1).timestamp(),
        "turns": [
            [monday(0).timestamp(), "warn", "Tomorrow"],
            [monday(0, days=1).timestamp(), "danger", "Today 17:30 · {short} left"],
            [monday(17, 30, days=1).timestamp(), "danger", "Late · {short}"],
        ],
    }


@pytest.mark.parametrize("status", [COMPLETE, CANCELED])
def test_what_is_done_is_never_late_and_counts_nothing_down(status):
    order = order_for(date(2026, 11, 3), status=status, expires_on=date(2026, 11, 6))
    pill = deadlines.deadline_pill(order, now=monday(9))
    assert (pill.words, pill.tone) == ("Mon 2 Nov", "neutral")
    assert not isinstance(pill, deadlines.Countdown)
    assert deadlines.expiry_pill(order, now=monday(9)) is None


def test_an_order_without_any_day_has_no_pill():
    order = order_for(None, status=ON_HOLD)
    assert deadlines.deadline_pill(order, now=monday(9)) is None
    assert deadlines.deadline_sentence(order, now=monday(9)) is None
    assert deadlines.ship_by(order, now=monday(9)) == ""


def test_an_order_of_which_only_the_expiry_is_known_goes_by_that():
    assert deadlines.deadline_pill(order_for(None, expires_on=TUESDAY), now=monday(9)).words == "Today 17:30 · 8 h left"


@pytest.mark.parametrize(
    ("expires_on", "words", "tone", "in_the_head"),
    [
        (date(2026, 11, 27), "4 days left", "neutral", "Expires 27 Nov · 4 days left"),
        (WEDNESDAY, "2 days left", "neutral", "Expires 25 Nov · 2 days left"),
        (TUESDAY, "bol.com cancels it tonight", "danger", "bol.com cancels it tonight"),
        (MONDAY, "bol.com cancels it any moment", "danger", "bol.com cancels it any moment"),
        (date(2026, 11, 20), "bol.com cancels it any moment", "danger", "bol.com cancels it any moment"),
    ],
)
def test_of_a_late_order_it_is_said_when_bol_cancels_it(expires_on, words, tone, in_the_head):
    told = deadlines.expiry_words(expires_on, now=monday(9))
    assert (told.words, told.tone) == (words, tone)
    late = order_for(MONDAY, expires_on=expires_on)
    assert deadlines.expiry_pill(late, now=monday(9)).words == in_the_head


def test_an_expiry_that_is_neither_near_nor_overdue_troubles_nobody():
    in_time = order_for(TUESDAY, expires_on=date(2026, 11, 27))
    assert deadlines.expiry_pill(in_time, now=monday(9)) is None
    assert deadlines.expiry_pill(in_time, now=monday(18)).words == "Expires 27 Nov · 4 days left"


def test_an_expiry_brings_along_a_sentence_for_each_day_to_come():
    told = deadlines.expiry_words(date(2026, 11, 26), now=monday(9))
    assert [(turn.since, turn.words) for turn in told.turns] == [
        (monday(0), "3 days left"),
        (monday(0, days=1), "2 days left"),
        (monday(0, days=2), "bol.com cancels it tonight"),
        (monday(0, days=3), "bol.com cancels it any moment"),
    ]


def test_the_first_deadline_of_many_is_said_as_how_long_it_is_away():
    assert deadlines.first_words(deadline_for(TUESDAY, time(17, 30)), now=monday(14, 18)) == "first in 3 h 12 min"
    assert deadlines.first_words(deadline_for(MONDAY, time(17, 30)), now=monday(9)) == "first is 1 day late"


def test_days_are_in_the_readers_language():
    assert deadlines.deadline_pill(order_for(THURSDAY), now=monday(9), locale="nl").words == "wo 25 nov"

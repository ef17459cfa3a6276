"""What the pages say about a run and its problems."""

from datetime import UTC, datetime, timedelta

import pytest

from stoqflow_web.models import ImportProblem, ImportRun, Shop
from stoqflow_web.queries.imports import Pace
from stoqflow_web.services.imports import NO_ACCESS
from stoqflow_web.wording import problems
from stoqflow_web.wording.imports import describe, trouble_of

NOW = datetime(2026, 11, 23, 13, 32, tzinfo=UTC)  # 14:32 in Amsterdam
COUNTS = ("count_new", "count_matched", "count_unchanged", "count_skipped", "count_problems", "done")


@pytest.fixture(autouse=True)
def _in_an_app(ctx):
    """Words follow the app's language."""


def run(**columns):
    given = dict.fromkeys(COUNTS, 0) | {
        "kind": "orders", "status": "running", "active_key": "1:orders", "phase": "fetching", "created_at": NOW,
    }  # fmt: skip
    return ImportRun(**(given | columns))


def ended(**columns):
    return run(**({"status": "finished", "active_key": None, "finished_at": NOW} | columns))


@pytest.mark.parametrize(
    ("columns", "pace", "note"),
    [
        ({"phase": "listing"}, Pace(), "Listing open orders"),
        ({}, Pace(24.3, 6), "Fetching order details · 24 per second"),
        ({}, Pace(0.5, 6), "Fetching order details · 30 per minute"),
        (
            {"waiting_until": NOW + timedelta(seconds=5)},
            Pace(24, 6),
            "Waiting for bol.com's limit, goes on at 14:32:05",
        ),
        ({"waiting_until": NOW - timedelta(seconds=5)}, Pace(), "Fetching order details"),
        ({"not_before": NOW + timedelta(seconds=5)}, Pace(), "Trying again at 14:32:05"),
        ({"status": "queued"}, Pace(), "Waiting for a worker"),
        ({"stop_requested_at": NOW}, Pace(24, 6), "Stopping after what is being fetched now"),
        ({"phase": "something-new"}, Pace(), "Working"),
    ],
)
def test_a_running_transfer_says_what_it_does(columns, pace, note):
    assert describe(run(**columns), pace, NOW).note == note


@pytest.mark.parametrize(
    ("lease_left", "note", "time_left"),
    [
        (18, "Fetching order details · 24 per second", "about 6 s left"),
        (8, "Nothing heard from the worker for 12 s. If it stopped, another one goes on within a minute.", ""),
        (0, "The worker stopped. Another one goes on within a minute.", ""),
        (-30, "The worker stopped. Another one goes on within a minute.", ""),
    ],
)
def test_no_rate_is_invented_once_the_worker_is_silent(lease_left, note, time_left):
    told = describe(run(lease_until=NOW + timedelta(seconds=lease_left)), Pace(24, 6), NOW)
    assert (told.note, told.time_left) == (note, time_left)


def test_a_run_that_nobody_picks_up_says_what_to_check():
    waiting = run(status="queued", created_at=NOW - timedelta(minutes=1))
    assert "Check that a worker is running" in describe(waiting, Pace(), NOW).note


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "nearly done"), (6, "about 6 s left"), (600, "about 10 min left"), (7200, "about 2 h left")],
)
def test_the_time_left_is_told_as_people_say_it(seconds, words):
    assert describe(run(), Pace(1, seconds), NOW).time_left == words


def test_no_time_left_is_promised_while_it_waits():
    assert describe(run(waiting_until=NOW + timedelta(seconds=5)), Pace(24, 6), NOW).time_left == ""


@pytest.mark.parametrize(
    ("columns", "line"),
    [
        (
            {
                "kind": "products", "done": 1204, "count_new": 1180, "count_matched": 12, "count_unchanged": 9,
                "count_problems": 3,
            },
            "Finished 14:32 · 1,204 offers · 1,180 new, 12 matched, 9 unchanged",
        ),
        ({"done": 1, "count_new": 1}, "Finished 14:32 · 1 order · 1 new"),
        ({"status": "stopped", "done": 268, "total": 412}, "Stopped 14:32 · 268 of 412 orders · 0 new"),
        ({"finished_at": NOW - timedelta(days=1)}, "Finished 22 Nov 14:32 · 0 orders · 0 new"),
    ],
)  # fmt: skip
def test_an_ended_transfer_sums_up(columns, line):
    assert describe(ended(**columns), Pace(), NOW).note == line


REFUSED = f"{NO_ACCESS} bol.com does not accept this key and secret."
LATER = NOW + timedelta(hours=1)


@pytest.mark.parametrize(
    ("trouble", "shop", "told"),
    [
        (REFUSED, {"keys_checked_at": LATER}, ("Stopped while bol.com gave no access. Transfer again.", "info")),
        (REFUSED, {"keys_checked_at": LATER, "access_lost_at": LATER}, (REFUSED, "danger")),
        (REFUSED, {"keys_checked_at": NOW}, (REFUSED, "danger")),
        ("bol.com was away.", {"keys_checked_at": LATER}, ("bol.com was away.", "danger")),
        (None, {"keys_checked_at": LATER}, ("", "")),
    ],
)
def test_a_refusal_of_keys_that_work_again_is_told_calmly(trouble, shop, told):
    assert trouble_of(ended(status="failed", trouble=trouble), Shop(**shop)) == told


def test_what_needs_a_person_is_counted_in_words():
    assert describe(ended(count_problems=1), Pace(), NOW).needs_you == "1 needs you"
    assert describe(ended(count_problems=3), Pace(), NOW).needs_you == "3 need you"
    assert describe(ended(count_problems=3), Pace(), NOW, solved=2).needs_you == "1 needs you"
    assert describe(ended(count_problems=3), Pace(), NOW, solved=3).needs_you == ""
    assert describe(ended(), Pace(), NOW).needs_you == ""


def problem(code, **details):
    return ImportProblem(code=code, subject="HK-1100", details=details, order_line_id=None)


def test_two_products_with_one_ean_are_named():
    told = problems.describe(problem("ean_matches_several", ean="8712345000017", skus=["HK-1100", "HK-1100-B"]))
    assert told.sentence == "EAN 8712345000017 matches two products (HK-1100, HK-1100-B)"
    assert told.step_url == "/products?q=8712345000017"


def test_a_difference_in_stock_gives_both_numbers():
    told = problems.describe(problem("stock_differs", here=0, there=12, product_sku="A & B"))
    assert (told.sentence, told.step_url) == ("0 here, 12 at bol.com", "/products?q=A%20%26%20B")


def test_a_recent_change_is_told_in_amsterdam_time():
    told = problems.describe(problem("changed_recently", changed_at=NOW.isoformat()))
    assert told.sentence == "changed at bol.com at 14:32"
    assert problems.describe(problem("changed_recently", changed_at="soon")).sentence.endswith("soon")


@pytest.mark.parametrize("code", [*problems._SENTENCES, *problems.CHECKS])
def test_every_known_problem_says_what_it_is_and_what_to_do_even_without_details(code):
    told = problems.describe(problem(code))
    assert told.title
    assert told.sentence
    assert told.advice
    assert "None" not in told.sentence


def test_an_unknown_problem_shows_what_is_known():
    told = problems.describe(problem("odd_thing", offer_id="of-1", skus=["A", "B"]))
    assert (told.title, told.sentence) == ("Odd thing", "offer id: of-1, skus: A, B")

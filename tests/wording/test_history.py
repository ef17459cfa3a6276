"""What happened, in sentences."""

import pytest
from flask_babel import force_locale

from stoqflow_web.models import HistoryEntry, User
from stoqflow_web.models.history import MARKETPLACE, PERSON, SYSTEM
from stoqflow_web.wording.history import duration, tell

EVENTS = (
    "came_in",
    "put_on_hold",
    "released",
    "product_chosen",
    "changed_at_marketplace",
    "linked",
    "keys_replaced",
    "renamed",
    "paused",
    "resumed",
    "access_lost",
    "access_restored",
    "access_regained",
    "import_started",
    "import_stopped",
    "import_finished",
    "import_failed",
)


@pytest.fixture(autouse=True)
def english(app):
    with app.test_request_context(), force_locale("en"):
        yield


def told(event, who=SYSTEM, user=None, **details):
    return tell(HistoryEntry(event=event, who=who, user=user, details=details))


def test_an_order_says_where_it_came_from_and_how_soon():
    entry = told("came_in", MARKETPLACE, shop="Home & Kitchen NL", seconds_after_placed=41)
    assert entry.sentence == "Came in through bol.com, shop Home & Kitchen NL"
    assert entry.aside == "41 s after it was placed"


@pytest.mark.parametrize("seconds", [None, -5, "soon"])
def test_nothing_is_said_of_a_time_that_is_not_known(seconds):
    assert told("came_in", MARKETPLACE, shop="A", seconds_after_placed=seconds).aside == ""


def test_what_a_person_did_names_the_person():
    entry = told("product_chosen", PERSON, User(name="Emma de Vries"), line="Tent", sku="HK-1")
    assert (entry.sentence, entry.aside) == ("Product HK-1 chosen for “Tent”", "by Emma de Vries")


def test_a_changed_product_names_both():
    entry = told("product_chosen", PERSON, line="Tent", sku="HK-1", before="HK-9")
    assert entry.sentence == "Product HK-1 chosen instead of HK-9 for “Tent”"


@pytest.mark.parametrize("event", EVENTS)
def test_every_event_has_a_sentence_also_without_details(event):
    entry = told(event)
    assert entry.sentence[0].isupper()
    assert "None" not in entry.sentence
    assert "_" not in entry.sentence


@pytest.mark.parametrize("kind", ["products", "orders", "content", "readiness", "?", None])
def test_a_transfer_says_which(kind):
    assert told("import_failed", kind=kind, trouble="No answer.").sentence.endswith(" failed: No answer.")


def test_an_event_of_a_newer_stoqflow_is_shown_all_the_same():
    assert told("sent_by_pigeon", to="Gent").sentence == "sent by pigeon"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (59, "59 s"), (60, "1 min"), (3599, "59 min"), (3600, "1 h"), (172_799, "47 h"), (172_800, "2 days")],
)
def test_a_duration_is_said_in_one_unit(seconds, words):
    assert duration(seconds) == words

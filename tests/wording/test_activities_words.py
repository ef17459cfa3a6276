"""What was done, in sentences."""

import pytest

from stoqflow_web.models import Activity
from stoqflow_web.wording.activities import tell


@pytest.mark.parametrize(
    ("event", "details", "sentence", "said"),
    [
        ("synced", {}, "Sync: nothing new", ""),
        ("synced", {"new": 2, "changed": 1, "problems": 1}, "Sync: 2 new orders, 1 changed, 1 needs you", ""),
        ("synced", {"difference": 3}, "Sync: 3 orders differ from bol.com", ""),
        ("caught_up", {"new": 1204}, "Everything compared with bol.com: 1,204 new orders", ""),
        (
            "sync_waits",
            {"trouble": "bol.com has a fault on its side."},
            "Sync put off",
            "bol.com has a fault on its side.",
        ),
        ("sync_failed", {"trouble": "No."}, "Sync failed", "No."),
        ("transfer_stopped", {"what": "content"}, "Fetching titles and pictures stopped", ""),
        ("delivered", {"confirmed": 37}, "37 messages for bol.com: 37 confirmed by bol.com", ""),
        (
            "delivered",
            {"confirmed": 1, "unknown": 1, "refused": 2, "refused_late": 1, "said": "No."},
            "4 messages for bol.com: 1 confirmed by bol.com, 1 without an answer, being looked up, 2 need you"
            " · 1 message sent earlier needs you",
            "bol.com said “No.”",
        ),
        ("answers_again", {"seconds": 720}, "bol.com answers again; it was silent for 12 min", ""),
        ("limits_cut", {"share": 50}, "bol.com allows 50 % of the usual calls", ""),
        ("limits_back", {"seconds": 7200}, "bol.com allows the usual calls again; it allowed fewer for 2 h", ""),
        (
            "setting_changed",
            {"setting": "hold_minutes", "before": 2, "after": 5},
            "Minutes before bol.com is told: 2 became 5",
            "",
        ),
        ("something_of_tomorrow", {}, "something of tomorrow", ""),
    ],
)
def test_each_event_has_its_sentence(app, clock, event, details, sentence, said):
    with app.test_request_context():
        words = tell(Activity(at=clock.moment, event=event, outcome="done", details=details))
    assert (words.sentence, words.said, words.who, words.took) == (sentence, said, "by itself", "")

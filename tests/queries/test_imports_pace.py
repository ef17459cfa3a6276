"""How fast a run goes and how long it takes yet, from what its row says."""

from datetime import UTC, datetime, timedelta

import pytest

from stoqflow_web.models import ImportRun
from stoqflow_web.queries.imports import Pace, pace

BEGUN = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def run(**columns):
    given = {"active_key": "1:orders", "phase_started_at": BEGUN, "phase_started_done": 0, "done": 0, "total": 400}
    return ImportRun(**(given | columns))


@pytest.mark.parametrize(
    ("columns", "seconds", "expected"),
    [
        ({"done": 250}, 10, Pace(25.0, 6)),
        ({"done": 350, "phase_started_done": 250}, 10, Pace(10.0, 5)),
        ({"done": 250, "total": None}, 10, Pace(25.0, None)),
        ({"done": 500}, 10, Pace(50.0, 0)),
        ({"done": 30}, 1, Pace()),
        ({"done": 0}, 60, Pace()),
        ({"done": 5, "phase_started_done": 9}, 60, Pace()),
        ({"done": 250}, -5, Pace()),
        ({"done": 250, "phase_started_at": None}, 10, Pace()),
        ({"done": 250, "active_key": None}, 10, Pace()),
    ],
)
def test_the_pace_is_what_this_attempt_gained_since_its_phase_began(columns, seconds, expected):
    assert pace(run(**columns), BEGUN + timedelta(seconds=seconds)) == expected

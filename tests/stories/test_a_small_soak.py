"""Some hours of two shops with faults of every kind: `python3 run.py soak` in small, so that it goes on working."""

import logging
from collections.abc import Iterator

import pytest

from tests.soak.__main__ import report
from tests.soak.soak import Plan, run


@pytest.fixture(autouse=True)
def restored_logging() -> Iterator[None]:
    yield
    logging.disable(logging.NOTSET)


def test_in_the_end_nothing_is_lost_doubled_different_or_echoed(capsys: pytest.CaptureFixture[str]) -> None:
    outcome = run(Plan(hours=2, shops=2, orders=40, seed=1, density=4))
    words = "\n".join(report(outcome))
    assert outcome.is_clean, words
    assert outcome.counted["At bol.com"]["orders placed"] == 40
    assert sum(outcome.counted["Injected"].values()) > 20
    assert "lost               0" in words

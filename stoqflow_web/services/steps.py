"""The steps of work that may be killed at any of them: tests look on, or kill a worker, after each."""

from collections.abc import Callable

Step = Callable[[str], object]
"""Told the name of each step when it is over."""


def no_step(name: str) -> None:
    """For whoever does not care."""

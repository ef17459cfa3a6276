"""Things that go wrong on request: odd answers, lost answers, slowness, outages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from stoqflow_web.bol.sandbox.answers import Answer

DOWN_PAGE = (
    b"<html><head><title>503 Service Temporarily Unavailable</title></head>"
    b"<body><center><h1>503 Service Temporarily Unavailable</h1></center></body></html>"
)


class ConnectionCut(Exception):
    """The answer is not sent; the server hangs up instead."""


@dataclass(slots=True)
class Fault:
    """What happens to the next `count` requests of a method (any when None) whose path starts with `path`."""

    method: str | None = None
    path: str = ""
    count: int = 1

    def fits(self, method: str, path: str) -> bool:
        if self.count < 1 or (self.method and self.method != method):
            return False
        # Without a path only the API is meant; the token host has to be named.
        return path.startswith(self.path) if self.path else path != "/token"


@dataclass(slots=True)
class OddAnswer(Fault):
    status: int = 503
    body: bytes = b""
    media: str = "text/html"
    headers: dict[str, str] = field(default_factory=dict)

    def answer(self) -> Answer:
        return Answer(self.status, self.body, self.media, dict(self.headers))


@dataclass(slots=True)
class LostAnswer(Fault):
    """The request is processed, then the connection is cut: before the answer, or halfway its body."""

    halfway: bool = False


@dataclass(slots=True)
class Slowness(Fault):
    seconds: float = 0.0


F = TypeVar("F", bound=Fault)


class Faults:
    """The faults that are waiting. Not thread safe: the world's lock is held around it."""

    def __init__(self) -> None:
        self._odd: list[OddAnswer] = []
        self._lost: list[LostAnswer] = []
        self._slow: list[Slowness] = []
        self.down_until: datetime | None = None

    def add(self, fault: OddAnswer | LostAnswer | Slowness) -> None:
        if isinstance(fault, OddAnswer):
            self._odd.append(fault)
        elif isinstance(fault, LostAnswer):
            self._lost.append(fault)
        else:
            self._slow.append(fault)

    def clear(self) -> None:
        """Everything is well again."""
        self._odd, self._lost, self._slow, self.down_until = [], [], [], None

    def is_down(self, now: datetime) -> bool:
        return self.down_until is not None and now < self.down_until

    def seconds_to_wait(self, method: str, path: str) -> float:
        fault = _take(self._slow, method, path)
        return fault.seconds if fault else 0.0

    def odd_answer(self, method: str, path: str) -> Answer | None:
        fault = _take(self._odd, method, path)
        return fault.answer() if fault else None

    def after(self, method: str, path: str, answer: Answer) -> Answer:
        """The answer as it leaves; raises ConnectionCut when it is lost."""
        fault = _take(self._lost, method, path)
        if fault is None:
            return answer
        if not fault.halfway:
            raise ConnectionCut
        answer.cut_at = len(answer.body) // 2
        return answer

    def waiting(self) -> Mapping[str, int]:
        """How many of each kind are still to come."""
        kinds: dict[str, Sequence[Fault]] = {
            "odd answers": self._odd,
            "lost answers": self._lost,
            "slow answers": self._slow,
        }
        return {kind: sum(fault.count for fault in faults) for kind, faults in kinds.items()}


def _take(faults: list[F], method: str, path: str) -> F | None:
    for fault in faults:
        if fault.fits(method, path):
            fault.count -= 1
            return fault
    return None

"""What is to happen when, by the clock of the simulation."""

import heapq
from collections.abc import Callable
from itertools import count

Deed = Callable[[], object]


class Agenda:
    """Deeds with their moments, in seconds since the epoch."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Deed]] = []
        self._numbers = count()

    def add(self, moment: float, deed: Deed) -> None:
        heapq.heappush(self._heap, (moment, next(self._numbers), deed))

    def do_what_is_due(self, now: float) -> None:
        while self._heap and self._heap[0][0] <= now:
            heapq.heappop(self._heap)[2]()

    @property
    def is_done(self) -> bool:
        return not self._heap

"""A real worker that counts the queries of all its jobs in a file: `python -m tests.bench.counted_worker FILE`."""

import mmap
import struct
import sys
import threading
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

from jobs.worker import main

SIZE = 8


class Count:
    """A number that a process and its forks share with whoever reads the file."""

    def __init__(self, file: Path) -> None:
        if not file.exists():
            file.write_bytes(bytes(SIZE))
        with file.open("r+b") as opened:
            self._memory = mmap.mmap(opened.fileno(), SIZE)
        self._lock = threading.Lock()

    def value(self) -> int:
        return int(struct.unpack("q", self._memory[:])[0])

    def add_one(self) -> None:
        with self._lock:
            self._memory[:] = struct.pack("q", self.value() + 1)


def count_queries(count: Count) -> None:
    @event.listens_for(Engine, "before_cursor_execute")
    def counted(*_: Any) -> None:
        count.add_one()


if __name__ == "__main__":
    count_queries(Count(Path(sys.argv[1])))
    sys.exit(main())

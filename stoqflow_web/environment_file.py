"""The file `.env`, for people who would rather write settings down than export them."""

import os
from collections.abc import MutableMapping
from pathlib import Path


def load_environment_file(path: Path, environ: MutableMapping[str, str] = os.environ) -> None:
    """Take `NAME=value` lines over into `environ`; what is set there already wins. No file, no change.

    Empty lines and lines that begin with # are skipped; quotes around a value are taken off.
    """
    if not path.is_file():
        return
    for line in path.read_text(encoding="utf-8").splitlines():
        name, equals, value = line.strip().removeprefix("export ").partition("=")
        if equals and not name.startswith("#"):
            environ.setdefault(name.strip(), value.strip().strip("\"'"))

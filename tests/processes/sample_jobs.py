"""What the workers of these tests are asked to do."""

import os
import time

from flask import current_app

from stoqflow_web.processes import is_stopping


def leave_a_note(name: str) -> None:
    """Prove that the job ran, inside the app."""
    note = current_app.extensions["settings"].data / name
    note.write_text(str(os.getpid()))


def work_until_told_to_stop(name: str) -> None:
    """Ends early and cleanly when its worker was asked to stop."""
    leave_a_note(name)
    until = time.monotonic() + 60
    while not is_stopping() and time.monotonic() < until:
        time.sleep(0.05)
    leave_a_note(f"{name}-ended-well" if is_stopping() else f"{name}-was-left-alone")


def hang(name: str) -> None:
    leave_a_note(name)
    time.sleep(60)

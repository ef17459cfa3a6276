"""What the workers of these tests are asked to do."""

import os
import time

from flask import current_app


def leave_a_note(name: str) -> None:
    """Prove that the job ran, inside the app."""
    note = current_app.extensions["settings"].data / name
    note.write_text(str(os.getpid()))


def hang(name: str) -> None:
    leave_a_note(name)
    time.sleep(60)

"""Stoqflow: an open order desk for sellers on bol.com."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from stoqflow_web.settings import Settings

__version__ = "0.1.0"


def create_app(settings: Settings | None = None) -> Flask:
    """The web app, also used by workers and commands for its database and Redis.

    Raises ValueError with a sentence when a setting can't be used.
    """
    # Imported here: the pretend bol.com and the supervisor live in this package too and need none of it.
    from stoqflow_web.app import make_app

    return make_app(settings)

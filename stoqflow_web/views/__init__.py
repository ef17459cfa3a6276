"""Load, form, one service or query call, one answer. One file per noun."""

from flask import Flask


def register_views(app: Flask) -> None:
    """Hang every page into the app."""

"""Load, form, one service or query call, one answer. One file per noun."""

from importlib import import_module

from flask import Flask

from stoqflow_web.settings import Settings
from stoqflow_web.views.access import guard
from stoqflow_web.views.context import give_context
from stoqflow_web.views.errors import handle_errors
from stoqflow_web.views.security import secure


def register_views(app: Flask, settings: Settings) -> None:
    """Hang every page into the app, behind the guard."""
    guard(app)
    secure(app, settings)
    handle_errors(app)
    give_context(app)
    for name in ("sign_in", "home", "health", "users", "account", "shops", "imports", "orders", "products"):
        try:
            app.register_blueprint(import_module(f"stoqflow_web.views.{name}").blueprint)
        except ModuleNotFoundError as error:
            if error.name != f"stoqflow_web.views.{name}":
                raise

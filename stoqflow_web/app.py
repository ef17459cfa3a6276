"""Puts the app together."""

from datetime import timedelta

from flask import Flask
from sqlalchemy.orm import configure_mappers

from stoqflow_web.extensions import babel, csrf, db, htmx, login_manager, migrate, redis_client
from stoqflow_web.passwords import Passwords
from stoqflow_web.settings import Settings, read_settings
from stoqflow_web.transaction import refuse_stray_writes
from stoqflow_web.vault import Vault

SESSION_HOURS = 12


def make_app(settings: Settings | None = None) -> Flask:
    settings = settings or read_settings()
    app = Flask("stoqflow_web")
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        # A database server that was restarted has forgotten its connections; each is tried before it is used.
        SQLALCHEMY_ENGINE_OPTIONS={
            "pool_pre_ping": not settings.database_url.startswith("sqlite"),
            "hide_parameters": True,  # an error's text goes into the log, and clients' addresses must not
        },
        PERMANENT_SESSION_LIFETIME=timedelta(hours=SESSION_HOURS),
        SESSION_REFRESH_EACH_REQUEST=False,  # views/access.py writes down the last use
        SESSION_COOKIE_NAME="stoqflow",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        WTF_CSRF_TIME_LIMIT=None,  # a page left open over lunch must still work; the session's end bounds it
        SEND_FILE_MAX_AGE_DEFAULT=timedelta(days=30),  # addresses of static files carry their version
        MAX_CONTENT_LENGTH=2 * 1024 * 1024,
        BABEL_DEFAULT_LOCALE="en",
        BABEL_DEFAULT_TIMEZONE="Europe/Amsterdam",
    )
    app.extensions["settings"] = settings
    app.extensions["redis"] = redis_client(settings)
    app.extensions["vault"] = Vault(settings.keys)
    app.extensions["passwords"] = Passwords()
    for extension in (db, csrf, login_manager, babel, htmx):
        extension.init_app(app)
    migrate.init_app(app, db)
    refuse_stray_writes(db.session)
    configure_mappers()

    from stoqflow_web.views import register_views

    register_views(app)
    return app

"""Commands that do one thing and end: people, keys, the database, a health check."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from stoqflow_web.commands.running import data_option

if TYPE_CHECKING:
    from flask import Flask


@click.group()
def user() -> None:
    """The people who may sign in."""


def _good_email(context: click.Context, option: click.Parameter, email: str) -> str:
    return _checked(context, lambda users: users.checked_new_email(email))


def _good_name(context: click.Context, option: click.Parameter, name: str) -> str:
    return _checked(context, lambda users: users.checked_name(name))


def _good_password(password: str) -> str:
    return _checked(click.get_current_context(), lambda users: users.checked_password(password))


@user.command("add")
@click.option("--email", prompt="E-mail address", callback=_good_email, help="What they sign in with.")
@click.option("--name", prompt="Name", callback=_good_name, help="How the history calls them.")
@click.option(
    "--role", type=click.Choice(["manager", "staff"]), prompt="Role", help="A manager also sees shops and keys."
)
@click.option("--password-stdin", is_flag=True, help="Read the password from the standard input instead of asking.")
@click.pass_context
def add_user(context: click.Context, email: str, name: str, role: str, password_stdin: bool) -> None:
    """Make a user."""
    if password_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    else:
        password = click.prompt("Password", hide_input=True, confirmation_prompt=True, value_proc=_good_password)
    from stoqflow_web.services import users

    with _app(context).app_context():
        made = users.add_user(email=email, name=name, role=role, password=password)
        click.echo(f"{made.email} may sign in now, as {made.role}.")


def _checked(context: click.Context, check: Callable[[Any], str]) -> str:
    """What the check of services/users.py makes of an answer; its refusal asks the same question again."""
    from sqlalchemy.exc import SQLAlchemyError

    from stoqflow_web.errors import Invalid
    from stoqflow_web.services import users

    try:
        with _app(context).app_context():
            return check(users)
    except Invalid as refusal:
        raise click.BadParameter(refusal.sentence) from None
    except SQLAlchemyError as error:
        reason = str(error).splitlines()[0]
        raise click.ClickException(f"The database can't be used ({reason}). See: python3 run.py doctor") from None


def _app(context: click.Context) -> "Flask":
    """One app for all questions of a command."""
    from stoqflow_web import create_app

    kept = context.find_root().ensure_object(dict)
    if "app" not in kept:
        kept["app"] = create_app()
    app: Flask = kept["app"]
    return app


@click.group()
def keys() -> None:
    """The keys that the shops' secrets are encrypted with."""


@keys.command("new")
def new_key() -> None:
    """Add a newest key to the key file; older ones stay, so that what they encrypted can still be read."""
    from stoqflow_web.settings import add_key, read_settings

    if os.environ.get("STOQFLOW_KEYS"):
        raise click.ClickException("The keys come from STOQFLOW_KEYS: put the new one first there yourself.")
    path = add_key(read_settings())
    click.echo(f"A new key is first in {path}. Restart Stoqflow, then run: python3 run.py keys rotate")


@keys.command("rotate")
def rotate_keys() -> None:
    """Encrypt all secrets of shops and webhooks anew with the newest key; older keys may go afterwards."""
    from stoqflow_web import create_app, up_lock
    from stoqflow_web.services import news_recipients, shops
    from stoqflow_web.settings import read_settings

    settings = read_settings()
    if up_lock.is_held_with_older_keys(settings):
        raise click.ClickException(
            "Stoqflow runs, and was started before the newest key was there: it could not read the secrets any more. "
            "Restart Stoqflow first, then run keys rotate."
        )
    with create_app(settings).app_context():
        count = shops.rotate_secrets()
        news_recipients.rotate_secrets()
    click.echo(f"The secrets of {count} shop{'' if count == 1 else 's'} are encrypted with the newest key now.")


@click.group()
def db() -> None:
    """The database."""


@db.command("upgrade")
def upgrade() -> None:
    """Bring the database to the newest migration; `run` does this by itself at each start."""
    from stoqflow_web import create_app
    from stoqflow_web.extensions import upgrade_database

    upgrade_database(create_app())
    click.echo("The database is ready.")


@click.command()
@data_option
def doctor(data: Path | None) -> None:
    """Check this installation and say what is wrong. Changes and makes nothing."""
    from stoqflow_web.doctor import examine

    findings = examine(data)
    width = max(len(finding.subject) for finding in findings)
    for finding in findings:
        click.echo(f"{'ok   ' if finding.is_fine else 'WRONG'}  {finding.subject.ljust(width)}  {finding.words}")
    wrong = sum(not finding.is_fine for finding in findings)
    click.echo("\nEverything is in order." if not wrong else f"\n{wrong} of {len(findings)} need attention.")
    sys.exit(1 if wrong else 0)


@click.command(hidden=True)
@click.option("--base-url", required=True)
@click.option("--demo", is_flag=True, help="Make the demo's people, with the password in STOQFLOW_DEMO_PASSWORD.")
def prepare(base_url: str, demo: bool) -> None:
    """What `run` does first: the schema, then who can sign in. Prints the first manager's link, if any."""
    from sqlalchemy.exc import SQLAlchemyError

    from stoqflow_web import create_app
    from stoqflow_web.demo import add_people
    from stoqflow_web.extensions import upgrade_database
    from stoqflow_web.services import users

    app = create_app()
    try:
        upgrade_database(app)
    except SQLAlchemyError as error:
        raise click.ClickException(f"The database can't be used: {str(error).splitlines()[0]}") from None
    with app.app_context():
        if demo:
            add_people(os.environ["STOQFLOW_DEMO_PASSWORD"])
        click.echo(users.first_manager_link(base_url) or "")

"""Commands that do one thing and end: people, keys, the database, a health check."""

import os
import sys
from pathlib import Path

import click

from stoqflow_web.commands.running import data_option


@click.group()
def user() -> None:
    """The people who may sign in."""


@user.command("add")
@click.option("--email", prompt="E-mail address", help="What they sign in with.")
@click.option("--name", prompt="Name", help="How the history calls them.")
@click.option(
    "--role", type=click.Choice(["manager", "staff"]), prompt="Role", help="A manager also sees shops and keys."
)
@click.option("--password-stdin", is_flag=True, help="Read the password from the standard input instead of asking.")
def add_user(email: str, name: str, role: str, password_stdin: bool) -> None:
    """Make a user."""
    if password_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    else:
        password = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    from stoqflow_web import create_app
    from stoqflow_web.services import users

    with create_app().app_context():
        made = users.add_user(email=email, name=name, role=role, password=password)
        click.echo(f"{made.email} may sign in now, as {made.role}.")


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
    """Encrypt all shops' secrets anew with the newest key; older keys may go afterwards."""
    from stoqflow_web import create_app
    from stoqflow_web.services import shops

    with create_app().app_context():
        count = shops.rotate_secrets()
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

"""Commands that run until they are stopped."""

import json
import os
import secrets
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import click

from stoqflow_web.settings import Settings, kept, read_settings

port_option = click.option("--port", type=click.IntRange(1, 65535), help="Port of the pages (default 8000, or PORT).")
data_option = click.option(
    "--data",
    type=click.Path(path_type=Path),
    help="Folder for everything that is written (default var, or STOQFLOW_DATA).",
)


@click.command()
@port_option
@click.option("--data", type=click.Path(path_type=Path), help="Folder for the demo (default var/demo).")
@click.option("--orders", type=click.IntRange(0), default=400, show_default=True, help="Orders at the pretend bol.com.")
@click.option(
    "--offers", type=click.IntRange(0), default=1200, show_default=True, help="Offers at the pretend bol.com."
)
def demo(port: int | None, data: Path | None, orders: int, offers: int) -> None:
    """Try everything: Stoqflow beside a pretend bol.com, in a folder of its own."""
    from stoqflow_web.bol.sandbox.options import SandboxOptions
    from stoqflow_web.demo import (
        DEMO_ADDRESS,
        DEMO_FILE,
        DemoAccess,
        announcement,
        free_port,
        independent_of_the_real_one,
    )

    independent_of_the_real_one(os.environ)
    settings = _settings(port, data or Path("var/demo"))
    options = SandboxOptions()
    sandbox_port = free_port(4300, besides=settings.port)
    bol = f"http://127.0.0.1:{sandbox_port}"
    os.environ.update(STOQFLOW_BOL_API_URL=bol, STOQFLOW_BOL_TOKEN_URL=f"{bol}/token", STOQFLOW_PUBLIC_URL=DEMO_ADDRESS)
    secret = json.loads(kept(settings.data / DEMO_FILE, json.dumps({"password": secrets.token_urlsafe(9)})))
    access = DemoAccess(secret["password"], bol, options.client_id, options.client_secret)
    sandbox_command = _stoqflow("sandbox", "--port", str(sandbox_port), "--orders", str(orders))
    sandbox_command += ["--offers", str(offers), "--state-file", str(settings.data / "pretend-bol.state")]
    sandbox_command += ["--webhooks-to", f"http://127.0.0.1:{settings.port}"]
    os.environ["STOQFLOW_DEMO_PASSWORD"] = access.password
    _supervise(
        settings,
        prepare=_stoqflow("prepare", "--demo"),
        announce=lambda address, _: announcement(address, access),
        sandbox=sandbox_command,
    )


@click.command()
@port_option
@data_option
def run(port: int | None, data: Path | None) -> None:
    """Run Stoqflow on this machine: pages, workers, scheduler and, without REDIS_URL, a private Redis."""
    settings = _settings(port, data)
    _supervise(settings, prepare=_stoqflow("prepare"), announce=_where_it_is)


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), default=4300, show_default=True)
@click.option("--host", default="127.0.0.1", show_default=True, help="Only open it to others on a network you trust.")
@click.option("--orders", type=click.IntRange(0), default=400, show_default=True)
@click.option("--offers", type=click.IntRange(0), default=1200, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed makes the same world.")
@click.option("--latency", type=float, default=0.0, show_default=True, help="Seconds each answer takes.")
@click.option("--process-delay", type=float, default=2.0, show_default=True, help="Seconds until a change is final.")
@click.option("--no-limits", is_flag=True, help="No limit on the number of requests.")
@click.option("--client-id", help="The key an account has (default: a fixed one, shown on the control page).")
@click.option("--client-secret", help="The secret that belongs to it.")
@click.option("--state-file", type=click.Path(path_type=Path), help="Keep the world here over restarts.")
@click.option("--webhooks-to", help="Post webhooks to this http address instead of the https address subscribed.")
def sandbox(
    port: int,
    host: str,
    orders: int,
    offers: int,
    seed: int,
    latency: float,
    process_delay: float,
    no_limits: bool,
    client_id: str | None,
    client_secret: str | None,
    state_file: Path | None,
    webhooks_to: str | None,
) -> None:
    """The pretend bol.com: the token at /token, the API at /retailer and /shared, the control page at /."""
    from stoqflow_web.bol.sandbox.options import DEFAULT_CLIENT_ID, DEFAULT_CLIENT_SECRET, SandboxOptions
    from stoqflow_web.bol.sandbox.serve import serve
    from stoqflow_web.demo import free_port
    from stoqflow_web.supervisor import is_free

    if port and not is_free(host, port):
        raise click.ClickException(f"Port {port} is taken by another program. Choose another one with --port.")
    port = port or free_port(4300)
    options = SandboxOptions(
        orders=orders,
        offers=offers,
        seed=seed,
        latency=latency,
        process_delay=process_delay,
        limits=not no_limits,
        client_id=client_id or DEFAULT_CLIENT_ID,
        client_secret=client_secret or DEFAULT_CLIENT_SECRET,
        webhooks_to=webhooks_to,
    )
    click.echo(f"The pretend bol.com answers at http://{host}:{port} (its control page)")
    _end_on_sigterm()
    try:
        serve(options, host, port, state_file=state_file)
    except KeyboardInterrupt:
        return


@click.command()
@port_option
@click.option("--host", help="Address to listen on (default 127.0.0.1, or STOQFLOW_HOST).")
def web(port: int | None, host: str | None) -> None:
    """Only the pages, served by gunicorn."""
    from stoqflow_web.supervisor import is_free, web_command

    settings = _settings(port, None)
    host = host or _host()
    if not is_free(host, settings.port):
        raise click.ClickException(f"Port {settings.port} is taken by another program. Choose another one with --port.")
    command = web_command(host, settings.port)
    click.echo(f"Stoqflow answers at http://{host}:{settings.port}")
    os.execv(command[0], command)  # noqa: S606 - a fixed command, in the place of this process


@click.command()
@click.argument("queues", nargs=-1)
def worker(queues: tuple[str, ...]) -> None:
    """One worker; start as many as you like, on as many machines as you like.

    QUEUES are urgent, default and slow; without any it works on all. Let one worker keep free of slow: fetching
    titles and pictures takes hours.
    """
    _become("jobs.worker", *queues)


@click.command()
def scheduler() -> None:
    """Looks for work that is due; several may run, one at a time acts."""
    _become("jobs.scheduler")


def _settings(port: int | None, data: Path | None) -> Settings:
    """Settings in which the command line wins; the children read them from the environment."""
    if port:
        os.environ["PORT"] = str(port)
    settings = read_settings(data=data)
    os.environ["STOQFLOW_DATA"] = str(settings.data)
    return settings


def _supervise(
    settings: Settings, *, prepare: list[str], announce: Callable[[str, str], str], sandbox: list[str] | None = None
) -> None:
    from stoqflow_web.embedded_redis import NoRedis
    from stoqflow_web.supervisor import CannotRun, Supervisor

    supervisor = Supervisor(settings, host=_host(), workers=_workers(), sandbox=sandbox)
    try:
        supervisor.run([*prepare, "--base-url", supervisor.address], lambda said: announce(supervisor.address, said))
    except (CannotRun, NoRedis) as error:
        raise click.ClickException(str(error)) from None


def _where_it_is(address: str, first_manager_link: str) -> str:
    from stoqflow_web.demo import box

    lines = [f"Stoqflow runs at {address}", "Ctrl-C stops it."]
    if first_manager_link:
        lines[1:1] = [
            "",
            "Nobody can sign in yet. Make the first manager here (the link works once):",
            first_manager_link,
            "",
        ]
    return box(lines)


def _stoqflow(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "stoqflow_web.cli", *arguments]


def _host() -> str:
    return os.environ.get("STOQFLOW_HOST") or "127.0.0.1"


def _workers() -> int:
    text = os.environ.get("WORKERS") or "2"
    if not text.isdigit() or not 1 <= int(text) <= 64:
        raise ValueError(f"WORKERS is {text!r}, which is not a number from 1 to 64.")
    return int(text)


def _end_on_sigterm() -> None:
    """SIGTERM ends the process as Ctrl-C does, so that what must be saved at the end is saved."""
    import signal

    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)


def _become(module: str, *arguments: str) -> NoReturn:
    """Go on as another program of ours, in the place of this process."""
    os.execv(sys.executable, [sys.executable, "-m", module, *arguments])  # noqa: S606 - a fixed command

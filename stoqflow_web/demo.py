"""What `stoqflow demo` has beside a normal run: its accounts and the text that shows the way."""

import socket
from collections.abc import MutableMapping
from dataclasses import dataclass, field

MANAGER = ("manager@example.com", "Mia Manager", "manager")
STAFF = ("staff@example.com", "Stef Staff", "staff")
DEMO_FILE = "demo.json"  # in the data folder of a demo, and of nothing else
DEMO_ADDRESS = "https://stoqflow.example"  # nobody answers there: the pretend bol.com pushes past it to this machine
REAL_SETTINGS = ("DATABASE_URL", "REDIS_URL", "STOQFLOW_KEYS", "STOQFLOW_SECRET_KEY")


@dataclass(frozen=True)
class DemoAccess:
    """How to get into the demo; `bol` is the address of the pretend bol.com."""

    password: str = field(repr=False)
    bol: str
    client_id: str
    client_secret: str = field(repr=False)


def independent_of_the_real_one(environ: MutableMapping[str, str]) -> None:
    """The demo never touches a real installation's database, queue or keys, even where those are set."""
    for name in REAL_SETTINGS:
        environ.pop(name, None)


def free_port(first: int, *, besides: int | None = None) -> int:
    """The first free port of 127.0.0.1 from `first` on, or any free one."""
    from stoqflow_web.supervisor import is_free

    for port in range(first, first + 20):
        if port != besides and is_free("127.0.0.1", port):
            return port
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def add_people(password: str) -> None:
    """The demo's manager and staff, unless they are there from an earlier start. Needs an app context."""
    from stoqflow_web.errors import Invalid
    from stoqflow_web.services.users import add_user

    for email, name, role in (MANAGER, STAFF):
        try:
            add_user(email=email, name=name, role=role, password=password)
        except Invalid as refusal:
            if refusal.field != "email":
                raise


def announcement(address: str, access: DemoAccess) -> str:
    """What the terminal shows once the demo runs."""
    return box(
        [
            f"Stoqflow runs at {address}",
            "",
            f"  Sign in as   {MANAGER[0]}   (or {STAFF[0]})",
            f"  Password     {access.password}",
            "",
            "Link the pretend bol.com: Shops → Add shop → Online marketplace → Bol.com",
            f"  Key          {access.client_id}",
            f"  Secret       {access.client_secret}",
            "Then open the shop and choose Transfer platform data: Products, and Sales Orders.",
            "",
            f"Steer the pretend bol.com at {access.bol}",
            "Ctrl-C stops everything; the next start goes on where this one ended.",
        ]
    )


def box(lines: list[str]) -> str:
    """The lines with a frame around them."""
    width = max(len(line) for line in lines)
    middle = [f"│ {line.ljust(width)} │" for line in lines]
    return "\n".join(["", f"┌{'─' * (width + 2)}┐", *middle, f"└{'─' * (width + 2)}┘", ""])

"""How large, how fast and how strict the pretend bol.com is."""

from dataclasses import dataclass
from datetime import datetime

DEFAULT_CLIENT_ID = "8d1f3c5e-2f6b-4a7d-9e10-5a0c0ffee123"
# Not a secret of anyone: the pretend bol.com prints it on its own control page.
DEFAULT_CLIENT_SECRET = "pretend-Nj7yZ2!kQ4wV-only-for-rehearsal"  # noqa: S105


@dataclass(frozen=True)
class SandboxOptions:
    """The options of one pretend bol.com; every length of time is in seconds.

    `appearing_delay` is the time between an order being placed and bol telling the seller of it;
    `token_hammer_limit` is the number of token requests a minute after which the token host shuts its door;
    `standing_clock` is an aware moment at which the clock starts and stands still, so that only jumps move it. With
    `utc_change_days` the days of `latest-change-date` are those of UTC: bol documents neither. `webhooks_to` is an http
    address on this machine that stands in for the TLS proxy of whoever subscribes: all webhooks are posted there, with
    the path of their destination.
    """

    orders: int = 400
    offers: int = 1200
    seed: int = 1
    latency: float = 0.0
    process_delay: float = 2.0
    appearing_delay: float = 0.0
    limits: bool = True
    client_id: str = DEFAULT_CLIENT_ID
    client_secret: str = DEFAULT_CLIENT_SECRET
    token_lifetime: int = 599
    token_hammer_limit: int | None = None
    send_nulls: bool = False
    send_retry_after: bool = True
    retailer_id: str = "1472583"
    shop_name: str = "Keuken & Buiten"
    standing_clock: datetime | None = None
    utc_change_days: bool = False
    webhooks_to: str | None = None

"""The HTML of the control page: plain forms, nothing inline."""

from collections.abc import Iterable
from datetime import datetime
from heapq import nlargest
from html import escape
from itertools import islice

from stoqflow_web.bol.sandbox.clock import AMSTERDAM
from stoqflow_web.bol.sandbox.offers import corrector
from stoqflow_web.bol.sandbox.records import Item, Offer, Order, Process, StockTold
from stoqflow_web.bol.sandbox.verbs import VERBS, Field
from stoqflow_web.bol.sandbox.world import World

RECENT_ORDERS = 15
RECENT_PROCESSES = 10
RECENT_STOCK = 10
OFFERS_SHOWN = 15
# What stands on the buttons beside an order.
SHORT = {
    "ask-to-cancel": "Client asks to cancel",
    "cancel": "bol cancels",
    "expire": "expires",
    "ship-by-hand": "shipped by hand",
    "send-back": "client returns it",
}
FAULTS = {
    "The next write": ("fail-next", "time-out-next", "hold-next", "set-process-delay"),
    "The next answer": ("lose-next-answer", "cut-next-answer", "answer-next", "slow-down"),
    "The whole of bol": ("go-down", "come-back", "set-appearing-delay"),
    "The account": ("revoke-keys", "restore-keys", "deactivate-account", "activate-account", "expire-tokens"),
    "Webhooks": (
        "next-webhook-twice",
        "next-webhook-late",
        "next-webhook-out-of-order",
        "next-webhook-forged",
        "rotate-signing-key",
        "switch-subscriptions-off",
        "stop-pushing",
        "resume-pushing",
    ),
    "The limits": ("set-limit", "enforce-limits", "leave-out-retry-after"),
}
ONE_THING = ("ask-to-cancel", "cancel", "expire", "ship-by-hand", "send-back", "handle-return", "change-stock")
MAIN = frozenset({"place-order", "ask-to-cancel"})  # what people come here for


def is_fault(name: str) -> bool:
    """Whether the verb makes something go wrong, or right again."""
    return any(name in names for names in FAULTS.values())


def render(world: World, address: str, said: str, *, faults_open: bool = False, offer: str = "") -> str:
    """The whole page; `said` is what the last action had to say, `offer` what offers are looked for by."""
    with world.lock:
        world.settle()
        parts = [
            _said(said),
            _section("A client orders something", _form("place-order")),
            _orders(world),
            _keys(world, address),
            _figures(world),
            _section("Clock", _clock(world) + _form("jump")),
            _writes(world),
            _offers(world, offer),
            _group("Any other order, any offer", ONE_THING),
            _faults(is_open=faults_open),
        ]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><title>Pretend bol.com</title>'
        '<link rel="stylesheet" href="/control/style.css"></head><body>'
        "<header><h1>Pretend bol.com</h1><p>A rehearsal room. Nothing here reaches the real bol.com.</p></header>"
        f"<main>{''.join(parts)}</main></body></html>"
    )


def _said(said: str) -> str:
    return f'<p class="said" role="status">{escape(said)}</p>' if said else ""


def _figures(world: World) -> str:
    now = world.clock.now()
    state = "down" if world.faults.is_down(now) else "up"
    figures = {
        "bol is": state,
        "keys": "revoked" if world.tokens.keys_revoked else "valid",
        "account": "active" if world.account_active else "not active",
        "limits": "on" if world.limits.enforced else "off",
        "webhooks": _webhooks(world),
        "open orders": len(world.open_order_ids()),
        "orders": len(world.orders),
        "offers": len(world.offers),
        "shipments": len(world.shipments),
        "requests": len(world.requests),
        **world.faults.waiting(),
        "planned outcomes": len(world.outcomes),
    }
    cells = "".join(f"<div><dt>{escape(name)}</dt><dd>{value}</dd></div>" for name, value in figures.items())
    return f'<dl class="figures">{cells}</dl>'


def _keys(world: World, address: str) -> str:
    rows = {
        "Key (client id)": world.options.client_id,
        "Secret": world.options.client_secret,
        "API": address,
        "Token": f"{address}/token",
    }
    cells = "".join(f"<div><dt>{name}</dt><dd><code>{escape(value)}</code></dd></div>" for name, value in rows.items())
    return _section("To link this shop", f'<dl class="keys">{cells}</dl>')


def _clock(world: World) -> str:
    return (
        f"<p>It is <strong>{world.clock.now().astimezone(AMSTERDAM):%A %-d %B %Y, %H:%M:%S}</strong> in Amsterdam.</p>"
    )


def _orders(world: World) -> str:
    rows = "".join(_order_row(order) for order in islice(world.newest_orders(), RECENT_ORDERS))
    head = (
        "<tr><th>Order</th><th>Placed</th><th>Client</th><th>Items</th><th>State</th><th>What happens to it</th></tr>"
    )
    return _section(
        "Recent orders", f'<div class="wide"><table><thead>{head}</thead><tbody>{rows}</tbody></table></div>'
    )


def _webhooks(world: World) -> str:
    """What is subscribed, and how its messages fare."""
    if not world.subscriptions:
        return "not subscribed"
    are_on = sum(one.enabled for one in world.subscriptions.values())
    waiting = sum(delivery.ended is None for delivery in world.deliveries)
    taken = sum(delivery.ended == "taken" for delivery in world.deliveries)
    off = "" if are_on == len(world.subscriptions) else ", some off" if are_on else ", switched off"
    paused = "" if world.is_pushing else ", none sent"
    return f"{taken} taken, {waiting} waiting{off}{paused}"


def _order_row(order: Order) -> str:
    address = order.shipment_details
    placed = f"{order.placed_at.astimezone(AMSTERDAM):%-d %b %H:%M}"
    client = f"{address['firstName']} {address['surname']}, {address['city']}"
    items = "<br>".join(f"{item.quantity} × {escape(item.title)}" for item in order.items)
    states = "<br>".join(_state_of(item) for item in order.items)
    actions = "".join(_order_button(name, order.order_id) for name in _actions(order))
    return (
        f"<tr><td><code>{order.order_id}</code></td><td>{placed}</td><td>{escape(client)}</td>"
        f'<td>{items}</td><td>{states}</td><td class="actions">{actions}</td></tr>'
    )


def _state_of(item: Item) -> str:
    kind = "VVB" if item.is_vvb else item.method
    if item.is_open:
        return f"{kind} open, client asked to cancel" if item.cancellation_request else f"{kind} open"
    return f"{kind} shipped" if item.shipped else f"{kind} cancelled"


def _actions(order: Order) -> Iterable[str]:
    if any(item.is_open for item in order.items):
        yield from ("ask-to-cancel", "cancel", "expire")
    if any(item.is_open and item.method == "FBR" for item in order.items):
        yield "ship-by-hand"
    if any(item.shipped for item in order.items):
        yield "send-back"


def _order_button(name: str, order_id: str) -> str:
    return (
        f'<form method="post" action="/control/{name}"><input type="hidden" name="order_id" value="{order_id}">'
        f'<button title="{escape(VERBS[name].label)}"{_tone(name)}>{SHORT[name]}</button></form>'
    )


def _writes(world: World) -> str:
    """The newest of what is queued and of what was told about stock: neither crowds out the other."""
    processes = islice(reversed(world.processes.values()), RECENT_PROCESSES)
    told = islice(reversed(world.stock_told), RECENT_STOCK)
    latest = sorted([*map(_process_row, processes), *map(_stock_row, told)], reverse=True)
    if not latest:
        return _section("Recent writes", "<p>Nothing was written yet.</p>")
    rows = "".join(row for _at, row in latest)
    head = "<tr><th>At</th><th>Event</th><th>What</th><th>Status</th><th>Message</th></tr>"
    return _section(
        "Recent writes", f'<div class="wide"><table><thead>{head}</thead><tbody>{rows}</tbody></table></div>'
    )


def _process_row(process: Process) -> tuple[datetime, str]:
    return process.created_at, (
        f"<tr><td>{_clock_time(process.created_at)}</td><td>{escape(process.event_type)}</td>"
        f"<td>{escape(process.description)}</td><td>{process.status}</td>"
        f"<td>{escape(process.error_message or '')}</td></tr>"
    )


def _stock_row(told: StockTold) -> tuple[datetime, str]:
    what = f"Stock of {escape(told.reference or 'no reference')} is {told.amount}, offer <code>{told.offer_id}</code>"
    return told.at, f"<tr><td>{_clock_time(told.at)}</td><td>stock</td><td>{what}</td><td>at once</td><td></td></tr>"


def _clock_time(moment: datetime) -> str:
    return f"{moment.astimezone(AMSTERDAM):%H:%M:%S}"


def _offers(world: World, asked: str) -> str:
    """What bol sells now: the offers that were asked for, else those that changed last."""
    sells = corrector(world)
    found = (offer for offer in world.offers.values() if offer.method == "FBR" and _is_asked(offer, asked.lower()))
    latest = nlargest(OFFERS_SHOWN, found, key=lambda offer: offer.modified_at)
    rows = "".join(
        f"<tr><td>{escape(offer.reference or 'none')}</td><td>{escape(offer.title)}</td><td>{offer.ean}</td>"
        f"<td>{offer.modified_at.astimezone(AMSTERDAM):%-d %b %H:%M:%S}</td>"
        f"<td>{offer.stock}</td><td>{sells(offer)}</td></tr>"
        for offer in latest
    )
    head = (
        "<tr><th>Reference</th><th>Title</th><th>EAN</th><th>Changed</th><th>Number told</th>"
        "<th>Sells now: less open orders</th></tr>"
    )
    search = (
        '<form method="get" action="/"><label>Reference, EAN, title or offer id '
        f'<input name="offer" value="{escape(asked)}"></label><button>Find</button></form>'
    )
    table = f'<div class="wide"><table><thead>{head}</thead><tbody>{rows}</tbody></table></div>'
    note = f"<p>The {OFFERS_SHOWN} that changed last.</p>" if len(latest) == OFFERS_SHOWN else ""
    return _section("Offers", search + (table + note if rows else "<p>There is no such offer.</p>"))


def _is_asked(offer: Offer, asked: str) -> bool:
    return any(asked in word.lower() for word in (offer.reference or "", offer.ean, offer.title, offer.offer_id))


def _faults(*, is_open: bool) -> str:
    cards = "".join(_group(title, names) for title, names in FAULTS.items())
    opened = " open" if is_open else ""
    return f'<details class="faults"{opened}><summary>Faults</summary><div class="cards">{cards}</div></details>'


def _group(title: str, names: Iterable[str]) -> str:
    return _section(title, "".join(_form(name) for name in names))


def _section(title: str, content: str) -> str:
    return f"<section><h2>{escape(title)}</h2>{content}</section>"


def _form(name: str) -> str:
    verb = VERBS[name]
    fields = "".join(_field(key, field) for key, field in verb.fields.items() if not field.is_rare)
    rare = "".join(_field(key, field) for key, field in verb.fields.items() if field.is_rare)
    more = f'<details><summary>More wishes</summary><div class="fields">{rare}</div></details>' if rare else ""
    lone = "" if fields else ' class="lone"'
    button = f"<button{_tone(name)}>{escape(verb.label)}</button>"
    return f'<form method="post" action="/control/{name}"{lone}>{fields}{button}{more}</form>'


def _tone(name: str) -> str:
    return ' class="main"' if name in MAIN else ""


def _field(key: str, field: Field) -> str:
    label = escape(field.label)
    if not field.choices:
        return f'<label>{label} <input name="{key}" value="{escape(field.initial)}"></label>'
    options = "".join(f'<option value="{choice}">{escape(choice) or "any"}</option>' for choice in field.choices)
    return f'<label>{label} <select name="{key}">{options}</select></label>'

"""What bol.com was asked: per rule how often, how near its limit, and how often it had to say no."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from stoqflow_web.bol.sandbox import World
from stoqflow_web.bol.sandbox.limits import LENGTH, RULES
from stoqflow_web.bol.sandbox.records import Seen
from stoqflow_web.bol.sandbox.routes import find


@dataclass
class Asked:
    """One rule, over all shops. `most` requests in one window of one shop were let through, of `limit`."""

    rule: str
    times: int
    most: int
    limit: int
    refused: int  # 429 by bol.com's own count; those that were injected are not among them


def what_was_asked(worlds: Iterable[World]) -> list[Asked]:
    times: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    windows: Counter[tuple[int, str, int]] = Counter()
    rules = {(method, rule.path): rule for rule in RULES for method in rule.methods}
    for number, world in enumerate(worlds):
        for seen in world.requests_seen():
            found = find(seen.path)
            rule = rules.get((seen.method, found.pattern)) if found else None
            name = rule.name if rule else f"{seen.method} {seen.path}"
            times[name] += 1
            if rule and _was_counted(seen):
                refused[name] += seen.status == 429
                window = int(seen.at.timestamp()) // LENGTH[rule.unit]
                windows[number, name, window] += seen.status != 429
    most: dict[str, int] = {}
    for (_, name, _), counted in windows.items():
        most[name] = max(counted, most.get(name, 0))
    limits = {rule.name: rule.capacity for rule in RULES}
    return [
        Asked(name, number, most.get(name, 0), limits.get(name, 0), refused[name])
        for name, number in sorted(times.items())
    ]


def add_up(asked: Iterable[Asked]) -> list[Asked]:
    """Of several houses as one."""
    whole: dict[str, Asked] = {}
    for one in asked:
        total = whole.setdefault(one.rule, Asked(one.rule, 0, 0, one.limit, 0))
        total.times += one.times
        total.most = max(total.most, one.most)
        total.refused += one.refused
    return [whole[rule] for rule in sorted(whole)]


def _was_counted(seen: Seen) -> bool:
    """What an injected answer or an outage intercepts never meets the limits, and nobody's token is looked at."""
    return seen.client_id is not None

"""Measures what the product promises, and prints one table: `python3 run.py bench [NAME]`.

Ratios rather than seconds where that can be, both sides measured in the same run, so that another machine says much the
same. The exit status is 1 when a promise is not kept.
"""

import sys
from collections.abc import Callable

from tests.bench import (
    bulk_click,
    completions,
    idle_minute,
    offers_memory,
    order_list,
    orders_at_limit,
    orders_unlimited,
    placed_to_visible,
    progress_fragment,
    stock_to_bol,
    webhook_to_visible,
    webhooks_accepted,
)
from tests.bench.harness import Figure

BENCHES: dict[str, Callable[[], list[Figure]]] = {
    "orders-at-limit": orders_at_limit.measure,
    "orders-unlimited": orders_unlimited.measure,
    "offers-memory": offers_memory.measure,
    "progress-fragment": progress_fragment.measure,
    "order-list": order_list.measure,
    "completions": completions.measure,
    "bulk-click": bulk_click.measure,
    "idle-minute": idle_minute.measure,
    "placed-to-visible": placed_to_visible.measure,
    "stock-to-bol": stock_to_bol.measure,
    "webhooks-accepted": webhooks_accepted.measure,
    "webhook-to-visible": webhook_to_visible.measure,
}
HEADINGS = ("name", "what was measured", "against", "figure", "limit", "ok")


def main(arguments: list[str]) -> int:
    unknown = [name for name in arguments if name not in BENCHES]
    if unknown:
        print(f"There is no measurement {unknown[0]!r}. There are: {', '.join(BENCHES)}.", file=sys.stderr)
        return 2
    figures: list[Figure] = []
    for name in arguments or BENCHES:
        print(f"measuring {name} …", file=sys.stderr, flush=True)
        figures += BENCHES[name]()
    print_table([HEADINGS, *(row(figure) for figure in figures)])
    return 0 if all(figure.is_ok for figure in figures) else 1


def row(figure: Figure) -> tuple[str, ...]:
    sign = "≥" if figure.is_at_least else "≤"
    return (
        figure.name,
        figure.measured,
        figure.against,
        f"{figure.figure:.4g} {figure.unit}".rstrip(),
        f"{sign} {figure.limit:g} {figure.unit}".rstrip(),
        "yes" if figure.is_ok else "NO",
    )


def print_table(rows: list[tuple[str, ...]]) -> None:
    widths = [max(len(cells[column]) for cells in rows) for column in range(len(rows[0]))]
    for place, cells in enumerate(rows):
        print("  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip())
        if place == 0:
            print("  ".join("─" * width for width in widths))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

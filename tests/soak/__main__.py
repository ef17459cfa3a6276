"""Two simulated days of many shops with faults of every kind, in minutes: `python3 run.py soak`.

  python3 run.py soak [--hours 48] [--shops 20] [--orders 5000] [--seed N] [--houses 2] [--database URL]

Prints what was injected, what was asked of bol.com, and what is lost, doubled, different or echoed in the end. The exit
status is 1 when any of it is not 0. The same seed and number of houses tell the same story. The shops are divided over
two installations ("houses"), so that two processors share the work.
"""

import argparse
import random
import sys
from collections import Counter
from collections.abc import Iterable, Sequence

from tests.soak.soak import Outcome, Plan, run_houses

MOST_SHOWN = 10


def main(arguments: list[str]) -> int:
    usual = Plan()
    parser = argparse.ArgumentParser(prog="run.py soak", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--hours", type=float, default=usual.hours, help="simulated hours (default %(default)s)")
    parser.add_argument("--shops", type=int, default=usual.shops, help="default %(default)s")
    parser.add_argument("--orders", type=int, default=usual.orders, help="default %(default)s")
    parser.add_argument("--seed", type=int, help="tell this story; otherwise a new one each time")
    parser.add_argument("--houses", type=int, default=2, help="installations side by side (default %(default)s)")
    parser.add_argument("--database", help="the address of an empty database (default: SQLite in a temporary folder)")
    asked = parser.parse_args(arguments)
    if asked.hours < 1 or asked.shops < 1 or asked.orders < 0 or asked.houses < 1:
        parser.error("at least one hour, one shop and one house")
    houses = 1 if asked.database else asked.houses
    seed = asked.seed if asked.seed is not None else random.randrange(1_000_000)
    plan = Plan(hours=asked.hours, shops=asked.shops, orders=asked.orders, seed=seed, database_url=asked.database)
    print(
        f"soaking {plan.shops} shops, {plan.orders} orders, {plan.hours:g} hours, --seed {plan.seed} …", file=sys.stderr
    )
    outcome = run_houses(plan, houses)
    print("\n".join(report(outcome)))
    return 0 if outcome.is_clean else 1


def report(outcome: Outcome) -> Iterable[str]:
    plan = outcome.plan
    yield (
        f"{plan.hours:g} simulated hours and {outcome.drained_hours:.1f} to come to rest, {plan.shops} shops,"
        f" seed {plan.seed}, in {outcome.seconds:.0f} seconds"
    )
    for heading, counted in outcome.counted.items():
        yield from _counted(heading, counted)
    yield ""
    yield f"{'Asked of bol.com':44}{'times':>9}{'most in a window':>18}{'limit':>7}{'429':>6}"
    for asked in outcome.asked:
        yield f"  {asked.rule:42}{asked.times:>9}{asked.most:>18}{asked.limit or '':>7}{asked.refused:>6}"
    yield ""
    verdict = outcome.verdict
    for name, found in {
        "lost": verdict.lost,
        "doubled": verdict.doubled,
        "different": verdict.different,
        "echoed": verdict.echoed,
        "unfinished": verdict.unfinished,
        "stumbled over": outcome.stumbles,
    }.items():
        yield from _named(name, found)


def _counted(title: str, counted: Counter[str]) -> Iterable[str]:
    yield ""
    yield title
    for what, times in sorted(counted.items()):
        yield f"  {what:58}{times:>8}"


def _named(name: str, found: Sequence[str]) -> Iterable[str]:
    yield f"{name:14}{len(found):>6}"
    for sentence in found[:MOST_SHOWN]:
        yield f"    {sentence}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

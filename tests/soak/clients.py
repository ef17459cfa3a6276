"""Who is at bol.com: clients who order and change their minds, bol.com itself, and the seller in its own screens."""

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from random import Random

from stoqflow_web.bol.sandbox.clock import AMSTERDAM
from stoqflow_web.bol.sandbox.identifiers import order_id as new_order_id
from stoqflow_web.bol.sandbox.records import Refused
from tests.soak.agenda import Agenda
from tests.soak.ground import Ground, Store
from tests.soak.staff import Staff

HOUR = 3600.0
# How many of a day's orders are placed in each hour, from midnight in Amsterdam: quiet nights, busy evenings.
CURVE = (4, 2, 1, 1, 1, 2, 5, 9, 13, 16, 18, 18, 17, 17, 17, 17, 18, 20, 23, 28, 32, 30, 20, 10)
FBB_ONLY = 0.04

# What becomes of an order in the end: how often, and after how many hours at the earliest and latest.
FATES: dict[str, tuple[int, float, float]] = {
    "completed": (50, 0.3, 16),
    "completed and undone": (3, 0.3, 8),
    "split": (7, 0.3, 10),
    "canceled": (4, 0.3, 12),
    "line canceled": (3, 0.3, 12),
    "deleted": (2, 0.3, 12),
    "cancelled by bol": (5, 0.05, 16),
    "item cancelled by bol": (3, 0.05, 16),
    "units cancelled by bol": (3, 0.05, 16),
    "expired": (2, 0.5, 16),
    "shipped by hand": (5, 0.1, 12),
    "units shipped by hand": (2, 0.1, 12),
    "cancellation asked": (8, 0.02, 12),
    "left open": (9, 0.0, 0.0),
}
# What may happen at the very moment of something else, for instance while a parcel waits to be told.
SECOND_THOUGHTS = ("cancelled by bol", "item cancelled by bol", "cancellation asked", "shipped by hand")


class Clients:
    def __init__(self, ground: Ground, agenda: Agenda, staff: Staff, random: Random) -> None:
        self._ground, self._agenda, self._staff, self._random = ground, agenda, staff, random
        self.happened: Counter[str] = Counter()

    def plan(self, how_many: int, *, hours: float) -> None:
        """So many orders over so many hours; large shops have more of them than small ones."""
        begin = self._ground.time.time()
        weights = [1.0 / (1 + place) ** 0.5 for place in range(len(self._ground.stores))]
        for store in self._random.choices(self._ground.stores, weights, k=how_many):
            self._agenda.add(begin + self._moment(hours), partial(self._place, store, begin + hours * HOUR))

    def _moment(self, hours: float) -> float:
        """Seconds from the beginning, drawn by the curve of a day."""
        first = self._ground.time.now().astimezone(AMSTERDAM).hour
        slots = range(max(1, round(hours)))
        slot = self._random.choices(slots, [CURVE[(first + number) % 24] for number in slots])[0]
        return min(slot * HOUR + self._random.uniform(0, HOUR), hours * HOUR)

    def _place(self, store: Store, end: float) -> None:
        world, random = store.world, self._random
        is_bols = random.random() < FBB_ONLY
        lines = [
            {
                "offer_id": random.choice(list(world.offers)),
                "quantity": random.choices((1, 2, 3, 5), (70, 18, 8, 4))[0],
                "fulfilment": "FBB" if is_bols else random.choices(("FBR", "VVB", "FBB"), (94, 3, 3))[0],
            }
            for _ in range(random.choices((1, 2, 3), (68, 22, 10))[0])
        ]
        order_id = world.place_order(
            lines=lines,
            order_id=new_order_id(random),
            deliver_in_days=random.choice((1, 1, 2, 3)),
            appears_after=random.choice((0, 0, 15, 30, 60, 100)),
            cancellation_request=random.random() < 0.01,
        )
        self.happened["orders placed"] += 1
        fate, (_, soonest, latest) = random.choices(list(FATES.items()), [fate[0] for fate in FATES.values()])[0]
        moment = min(self._ground.time.time() + random.uniform(soonest, latest) * HOUR, end)
        self._agenda.add(moment, partial(self.befall, fate, store, order_id))
        if random.random() < 0.12:
            thought = random.choice(SECOND_THOUGHTS)
            self._agenda.add(moment + random.uniform(-300, 300), partial(self.befall, thought, store, order_id))

    def befall(self, fate: str, store: Store, order_id: str) -> None:
        """Let it happen, now. What can't happen any more does not."""
        deeds: dict[str, Callable[[Store, str], bool]] = {
            "cancelled by bol": self._cancel,
            "item cancelled by bol": self._cancel_item,
            "units cancelled by bol": self._cancel_units,
            "expired": self._expire,
            "shipped by hand": self._ship,
            "units shipped by hand": self._ship_units,
            "cancellation asked": self._ask_to_cancel,
            "left open": lambda *_: True,
        }
        if fate not in deeds:
            self._staff.wants(fate, store, order_id)
            return
        with suppress(LookupError, Refused):
            if deeds[fate](store, order_id):
                self.happened[fate] += 1

    def _cancel(self, store: Store, order_id: str) -> bool:
        store.world.cancel(order_id)
        self._note_cancelled(store, order_id)
        return True

    def _cancel_item(self, store: Store, order_id: str) -> bool:
        store.world.cancel(order_id, store.world.orders[order_id].items[0].item_id)
        self._note_cancelled(store, order_id)
        return True

    def _cancel_units(self, store: Store, order_id: str) -> bool:
        item = max(store.world.orders[order_id].items, key=lambda item: item.open)
        if item.open < 2:
            return False
        store.world.cancel(order_id, item.item_id, quantity=1)
        return True

    def _expire(self, store: Store, order_id: str) -> bool:
        store.world.expire(order_id)
        self._note_cancelled(store, order_id)
        return True

    def _note_cancelled(self, store: Store, order_id: str) -> None:
        """From now on nothing may be told of these items: they are not open any more, and not by our doing."""
        for item in store.world.orders[order_id].items:
            if item.cancelled and not item.is_open:
                store.cancelled_there.setdefault(item.item_id, self._ground.time.now())

    def _ship(self, store: Store, order_id: str) -> bool:
        code = f"3SHAND{self.happened.total():09d}"
        store.world.ship_by_hand(order_id, track_and_trace=code)
        return True

    def _ship_units(self, store: Store, order_id: str) -> bool:
        ours = [one for one in store.world.orders[order_id].items if one.method == "FBR"]
        item = max(ours, key=lambda one: one.open, default=None)
        if item is None or item.open < 2:
            return False
        code = f"3SHALF{self.happened.total():09d}"
        store.world.ship_by_hand(order_id, track_and_trace=code, item_id=item.item_id, quantity=1)
        return True

    def _ask_to_cancel(self, store: Store, order_id: str) -> bool:
        store.world.ask_to_cancel(order_id)
        later = self._ground.time.time() + self._random.uniform(120, 3 * HOUR)
        self._agenda.add(later, partial(self._staff.wants, "request answered", store, order_id))
        return True

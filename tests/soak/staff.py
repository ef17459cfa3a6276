"""Who works here: completes, cancels, splits and deletes orders, and settles what needs attention."""

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from random import Random

from sqlalchemy import select

from stoqflow_web.errors import StoqflowError
from stoqflow_web.models import MarketplaceOrder, SalesOrder, Shop, Writeback
from stoqflow_web.models.writebacks import NEEDS_ATTENTION
from stoqflow_web.next_steps import (
    ACCEPT,
    CANCEL_ALL,
    EDIT_CODE,
    SHIP_ANYWAY,
    TAKE_OVER,
    TRY_AGAIN,
    WITHDRAW,
    possible_steps,
)
from stoqflow_web.services import answering, attention, shops, taking_over
from stoqflow_web.services.canceling import cancel
from stoqflow_web.services.completing import Parcel, complete
from stoqflow_web.services.deleting import delete
from stoqflow_web.services.splitting import split
from stoqflow_web.services.undoing import undo
from stoqflow_web.transaction import reading
from tests.soak.agenda import Agenda
from tests.soak.ground import Ground, Store

MOST_LOOKS = 6  # for an order that is not here yet
PAUSE = 1800.0  # seconds between two of them
REASONS = ("out-of-stock", "bad-condition", "not-available-in-time", "other")
TRIES_OF_EACH = 2


class Staff:
    def __init__(self, ground: Ground, agenda: Agenda, random: Random) -> None:
        self._ground, self._agenda, self._random = ground, agenda, random
        self._codes = 0
        self._tries: Counter[int] = Counter()
        self.done: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()

    def wants(self, what: str, store: Store, external_id: str, looks: int = 0) -> None:
        """Do it with every part of the order that is here and open; look again later when there is none yet."""
        deeds: dict[str, Callable[[SalesOrder], object]] = {
            "completed": self._complete,
            "completed and undone": self._complete_and_undo,
            "split": self._split,
            "canceled": lambda order: cancel(order.id, self._random.choice(REASONS), user_id=None),
            "line canceled": self._cancel_line,
            "deleted": lambda order: delete(order.id, user_id=None),
            "request answered": self._answer,
        }
        parts = self._parts(store, external_id)
        if not parts and looks < MOST_LOOKS:
            self._agenda.add(self._ground.time.time() + PAUSE, partial(self.wants, what, store, external_id, looks + 1))
        for part in parts:
            if part.is_open:
                self._try(what, deeds[what], part)

    def settle_attention(self) -> None:
        """What a person would do about each matter."""
        with reading() as session:
            matters = select(Writeback).where(
                Writeback.shop_id.in_([store.shop_id for store in self._ground.stores]),
                Writeback.state == NEEDS_ATTENTION,
            )
            rows = list(session.scalars(matters))
        for row in rows:
            steps = self._steps(row)
            self._tries[row.id] += 1
            for step in steps:
                if self._try(f"{row.why}: {step}", self._take(step), row):
                    break

    def mend_access(self) -> None:
        """A manager looks at the shops that bol.com refuses, and proves their keys again."""
        with reading() as session:
            lost = list(session.scalars(select(Shop.id).where(Shop.access_lost_at.is_not(None))))
        for shop_id in lost:
            if not self._ground.store_of(shop_id).world.tokens.keys_revoked:
                self.done[f"keys proven again: {shops.check_keys(shop_id).outcome}"] += 1

    def _parts(self, store: Store, external_id: str) -> Sequence[SalesOrder]:
        mine = SalesOrder.marketplace_order_id == MarketplaceOrder.id
        with reading() as session:
            return session.scalars(
                select(SalesOrder)
                .join(MarketplaceOrder, mine)
                .where(MarketplaceOrder.external_id == external_id, MarketplaceOrder.shop_id == store.shop_id)
                .order_by(SalesOrder.id)
            ).all()

    def _try(self, what: str, deed: Callable[..., object], thing: SalesOrder | Writeback) -> bool:
        try:
            deed(thing)
        except StoqflowError as refusal:
            self.refused[f"{what}: {type(refusal).__name__}"] += 1
            return False
        except Exception:
            self._ground.note_stumble(f"{what} of {type(thing).__name__} {thing.id}")
            return False
        self.done[what] += 1
        return True

    # With orders

    def _complete(self, order: SalesOrder) -> None:
        self._codes += 1
        parcel = Parcel(carrier="postnl", track_and_trace=f"3SSOAK{self._codes:09d}")
        complete(order.id, [parcel], user_id=None, despite_shortage=True)

    def _complete_and_undo(self, order: SalesOrder) -> None:
        self._complete(order)
        later = self._ground.time.time() + self._random.uniform(20, 400)
        self._agenda.add(later, lambda: self._try("undone", lambda one: undo(one.id, user_id=None), order))

    def _split(self, order: SalesOrder) -> None:
        """Some of it goes later; what goes now is packed at once, the rest after some hours or never."""
        line = max(self._read(order).lines_to_ship, key=lambda line: line.quantity, default=None)
        if line is None:
            return
        backorder = split(order.id, {line.id: max(1, line.quantity // 2)}, user_id=None)
        self._complete(order)
        rest: dict[str, Callable[[SalesOrder], object]] = {
            "backorder completed": self._complete,
            "backorder canceled": lambda part: cancel(part.id, "out-of-stock", user_id=None),
            "backorder deleted": lambda part: delete(part.id, user_id=None),
        }
        what = self._random.choices(list(rest), (70, 22, 8))[0]
        later = self._ground.time.time() + self._random.uniform(600, 4 * 3600)
        self._agenda.add(later, lambda: self._try(what, rest[what], backorder))

    def _cancel_line(self, order: SalesOrder) -> None:
        lines = self._read(order).lines_to_ship
        if lines:
            cancel(order.id, self._random.choice(REASONS), user_id=None, line_ids=[lines[-1].id])

    def _answer(self, order: SalesOrder) -> None:
        lines = [line.id for line in self._read(order).lines_to_answer]
        if not lines:
            return
        if self._random.random() < 0.6:
            answering.accept(order.id, lines, user_id=None)
        else:
            answering.ship_anyway(order.id, lines, "it has left already", user_id=None)
            if self._read(order).is_open:
                self._complete(order)

    def _read(self, order: SalesOrder) -> SalesOrder:
        with reading() as session:
            found = session.get_one(SalesOrder, order.id, populate_existing=True)
            for line in found.lines:
                line.item.is_open  # noqa: B018 - loaded now
            return found

    # With what needs attention

    def _steps(self, row: Writeback) -> list[str]:
        """As the page offers them: what did not help is followed by the next.

        Without editing a code, which was never what is wrong here. Nothing is given up that can be settled otherwise.
        """
        steps = [step for step in possible_steps(row) if step not in (EDIT_CODE, WITHDRAW)] or [WITHDRAW]
        first = self._tries[row.id] // TRIES_OF_EACH % len(steps)
        return [*steps[first:], *steps[:first]]

    def _take(self, step: str) -> Callable[[Writeback], object]:
        steps: dict[str, Callable[..., object]] = {
            TRY_AGAIN: attention.try_again,
            CANCEL_ALL: attention.cancel_all,
            SHIP_ANYWAY: partial(attention.ship_anyway, reason="it has left already"),
            ACCEPT: attention.accept_cancellation,
            WITHDRAW: attention.withdraw,
            TAKE_OVER: partial(taking_over.take_over, goods_are_back=True),
        }
        return lambda row: steps[step](row.id, user_id=None)

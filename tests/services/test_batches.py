"""Many orders at once: each is handled exactly once, whatever is clicked twice, killed or refused."""

import threading

import pytest
from flask import Flask
from sqlalchemy import select

from stoqflow_web.errors import Invalid
from stoqflow_web.extensions import db
from stoqflow_web.models import Batch, BatchRow, SalesOrder, Writeback
from stoqflow_web.queries import batches as queries
from stoqflow_web.services import batch_work, batches, completing
from stoqflow_web.services.batch_files import read_codes
from stoqflow_web.services.batches import NotPossible
from stoqflow_web.transaction import transaction
from tests.support.builders import make_order, make_product, make_shop

pytestmark = pytest.mark.both_databases


def code(number: int) -> str:
    return f"3SABCD{number:010}"


def orders_of(shop, how_many: int) -> list[SalesOrder]:
    product = make_product(stock=1000)
    return [make_order(shop=shop, products=[product]) for _ in range(how_many)]


def listed(orders: list[SalesOrder]) -> str:
    return "\n".join(f"{order.number};{code(place)}" for place, order in enumerate(orders, 1))


def draft(orders: list[SalesOrder]) -> Batch:
    return batches.choose_by_list(read_codes(listed(orders)), user_id=None)


def outcomes(batch_id: int) -> list[str]:
    db.session.rollback()
    rows = select(BatchRow.outcome).where(BatchRow.batch_id == batch_id).order_by(BatchRow.position)
    return list(db.session.scalars(rows))


def sentences(batch_id: int) -> list[str | None]:
    db.session.rollback()
    rows = select(BatchRow.sentence).where(BatchRow.batch_id == batch_id).order_by(BatchRow.position)
    return list(db.session.scalars(rows))


def statuses(orders: list[SalesOrder]) -> list[str]:
    db.session.rollback()
    db.session.expire_all()
    return [db.session.get_one(SalesOrder, order.id).status for order in orders]


def writebacks() -> list[str]:
    db.session.rollback()
    return list(db.session.scalars(select(Writeback.state).order_by(Writeback.id)))


def found(batch_id: int) -> Batch:
    db.session.rollback()
    return db.session.get_one(Batch, batch_id, populate_existing=True)


@pytest.fixture
def three(ctx: Flask) -> list[SalesOrder]:
    return orders_of(make_shop(), 3)


def test_nothing_happens_before_a_draft_is_confirmed(three):
    batch = draft(three)
    batch_work.carry_on(batch.id)
    assert statuses(three) == ["ready-to-pick"] * 3
    assert batch_work.sweep() == 0


def test_a_confirmed_batch_completes_each_order_with_its_own_code(three):
    batch = draft(three)
    batches.confirm(batch.id, user_id=None)
    batch_work.carry_on(batch.id)
    assert statuses(three) == ["complete"] * 3
    assert writebacks() == ["pending"] * 3
    codes = [db.session.get_one(SalesOrder, order.id).parcels[0].track_and_trace for order in three]
    assert codes == [code(1), code(2), code(3)]
    done = found(batch.id)
    assert (done.status, done.count_done, done.count_refused) == ("finished", 3, 0)


def test_two_clicks_on_confirm_make_one_batch(three):
    batch = draft(three)
    first = batches.confirm(batch.id, user_id=None)
    second = batches.confirm(batch.id, user_id=None)
    assert first.id == second.id
    batch_work.carry_on(batch.id)
    batches.confirm(batch.id, user_id=None)
    batch_work.carry_on(batch.id)
    assert writebacks() == ["pending"] * 3
    assert found(batch.id).count_done == 3


def test_an_order_that_is_refused_later_does_not_keep_the_others(three):
    batch = draft(three)
    batches.confirm(batch.id, user_id=None)
    completing.complete(three[1].id, [completing.Parcel(carrier="postnl", track_and_trace=code(9))], user_id=None)
    batch_work.carry_on(batch.id)
    assert outcomes(batch.id) == ["done", "refused", "done"]
    assert sentences(batch.id) == [None, f"{three[1].number} is complete already.", None]
    assert writebacks() == ["pending"] * 3


class Killed(BaseException):
    """What no handler of ours may catch."""


def test_a_worker_killed_in_the_middle_of_an_order_leaves_it_whole_or_untouched(three, monkeypatch, clock):
    batch = draft(three)
    batches.confirm(batch.id, user_id=None)
    settle = completing.settle_debts
    seen = []

    def die_at_the_second(*given, **named):
        seen.append(1)
        if len(seen) == 2:
            raise Killed
        return settle(*given, **named)

    monkeypatch.setattr(completing, "settle_debts", die_at_the_second)
    with pytest.raises(Killed):
        batch_work.carry_on(batch.id)
    monkeypatch.undo()
    assert outcomes(batch.id) == ["done", "waiting", "waiting"]
    assert statuses(three) == ["complete", "ready-to-pick", "ready-to-pick"]
    batch_work.carry_on(batch.id)  # the dead worker's lease still runs
    assert outcomes(batch.id) == ["done", "waiting", "waiting"]
    assert batch_work.sweep() == 0
    clock.jump(minutes=1)
    assert batch_work.sweep() == 1
    batch_work.carry_on(batch.id)
    assert outcomes(batch.id) == ["done"] * 3
    assert writebacks() == ["pending"] * 3
    assert found(batch.id).count_done == 3


def test_a_worker_thought_dead_does_no_harm_when_it_wakes_up(three, monkeypatch, clock):
    batch = draft(three)
    batches.confirm(batch.id, user_id=None)
    handle = batch_work._handle
    seen = []

    def sleep_through_the_lease(batch_id, claim, row_id):
        seen.append(row_id)
        if len(seen) == 2:
            clock.jump(minutes=5)
            batch_work.carry_on(batch_id)  # another worker finishes it meanwhile
        handle(batch_id, claim, row_id)

    monkeypatch.setattr(batch_work, "_handle", sleep_through_the_lease)
    batch_work.carry_on(batch.id)
    assert outcomes(batch.id) == ["done"] * 3
    assert writebacks() == ["pending"] * 3
    assert found(batch.id).count_done == 3


def test_two_workers_at_once_handle_each_order_once(app, three):
    batch = draft(three)
    batches.confirm(batch.id, user_id=None)
    batch_id, faults = batch.id, []

    def work():
        with app.app_context():
            try:
                batch_work.carry_on(batch_id)
            except Exception as fault:
                faults.append(fault)

    db.session.rollback()
    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert faults == []
    assert outcomes(batch_id) == ["done"] * 3
    assert writebacks() == ["pending"] * 3
    assert (found(batch_id).status, found(batch_id).claim) == ("finished", 1)


def test_a_fault_of_ours_with_one_order_is_written_beside_it(three, monkeypatch):
    batch = draft(three)
    batches.confirm(batch.id, user_id=None)
    complete = completing.complete

    def stumble(order_id, *given, **named):
        if order_id == three[0].id:
            raise KeyError("boom")
        return complete(order_id, *given, **named)

    monkeypatch.setattr(completing, "complete", stumble)
    batch_work.carry_on(batch.id)
    assert outcomes(batch.id) == ["refused", "done", "done"]
    assert "stumbled" in (sentences(batch.id)[0] or "")


def test_chosen_orders_are_canceled_with_one_reason(three):
    batch = batches.choose("cancel", [order.id for order in three], user_id=None)
    with pytest.raises(Invalid, match="reason"):
        batches.confirm(batch.id, user_id=None, reason="because")
    batches.confirm(batch.id, user_id=None, reason="out-of-stock")
    batch_work.carry_on(batch.id)
    assert statuses(three) == ["canceled"] * 3
    assert {line.cancel_reason for order in three for line in found_order(order).lines} == {"out-of-stock"}


def found_order(order: SalesOrder) -> SalesOrder:
    return db.session.get_one(SalesOrder, order.id, populate_existing=True)


def test_chosen_orders_are_deleted_and_bol_hears_nothing(three):
    batch = batches.choose("delete", [order.id for order in three], user_id=None)
    batches.confirm(batch.id, user_id=None)
    batch_work.carry_on(batch.id)
    assert statuses(three) == ["deleted"] * 3
    assert writebacks() == []


def test_a_whole_batch_is_undone_while_nothing_was_sent(three):
    batch = draft(three)
    batches.confirm(batch.id, user_id=None)
    batch_work.carry_on(batch.id)
    assert queries.undoable(found(batch.id)).number == 3
    with transaction() as tx:
        tx.session.scalars(select(Writeback).where(Writeback.sales_order_id == three[2].id)).one().state = "sending"
    assert queries.undoable(found(batch.id)).number == 2
    undo = batches.undo_all(batch.id, user_id=None)
    assert batches.undo_all(batch.id, user_id=None).id == undo.id
    batch_work.carry_on(undo.id)
    assert statuses(three) == ["ready-to-pick", "ready-to-pick", "complete"]
    assert outcomes(undo.id) == ["done", "done", "refused"]
    assert queries.undoable(found(batch.id)).number == 0


def test_only_what_failed_is_tried_again(three):
    batch = batches.choose_by_list(
        read_codes(f"{three[0].number};{code(1)}\n{three[1].number};concept\nSO-99;{code(3)}"), user_id=None
    )
    assert outcomes(batch.id) == ["waiting", "refused", "refused"]
    batches.confirm(batch.id, user_id=None)
    batch_work.carry_on(batch.id)
    again = batches.retry(batch.id, user_id=None)
    rows = queries.rows_of(again).rows
    assert [row.sales_order_id for row in rows] == [three[1].id]
    batches.fill_in(again.id, {rows[0].id: ("", code(2))}, user_id=None)
    batches.confirm(again.id, user_id=None)
    batch_work.carry_on(again.id)
    assert statuses(three) == ["complete", "complete", "ready-to-pick"]


def test_a_draft_in_which_nothing_can_be_done_is_not_confirmed(three):
    batch = batches.choose_by_list(read_codes("SO-99;3SABCD0000000001"), user_id=None)
    with pytest.raises(NotPossible):
        batches.confirm(batch.id, user_id=None)
    with pytest.raises(NotPossible, match="codes first"):
        batches.confirm(batches.choose("complete", [three[0].id], user_id=None).id, user_id=None)


def test_chosen_orders_that_are_not_in_the_list_stay_behind_with_a_reason(three):
    batch = batches.choose("complete", [order.id for order in three], user_id=None)
    batches.take_list(batch.id, read_codes(listed(three[:2])), user_id=None)
    assert outcomes(batch.id) == ["waiting", "waiting", "refused"]
    assert sentences(batch.id)[2] == "This order is not in the list."


def test_codes_that_look_uncommon_go_only_when_somebody_says_that_they_are_right(three):
    lines = read_codes(f"{three[0].number},postnl,99887766\n{three[1].number},postnl,99887755")
    unsure = batches.choose_by_list(lines[:1], user_id=None)
    with pytest.raises(Invalid, match="tick this box"):
        batches.confirm(unsure.id, user_id=None)
    assert outcomes(unsure.id) == ["waiting"]
    sure = batches.choose_by_list(lines[1:], user_id=None)
    batches.confirm(sure.id, user_id=None, codes_are_right=True)
    batch_work.carry_on(sure.id)
    assert statuses(three) == ["ready-to-pick", "complete", "ready-to-pick"]


def test_old_drafts_are_forgotten_and_nothing_else(three, clock):
    forgotten, kept = draft(three).id, draft(three).id
    batches.confirm(kept, user_id=None)
    clock.jump(days=3)
    assert batches.forget_old_drafts() == 1
    assert outcomes(forgotten) == []
    assert found(kept).total == 3

"""Stock from a file: a dry run that changes nothing, then applied once, whatever dies meanwhile."""

import pytest
from flask import Flask
from sqlalchemy import select

from stoqflow_web import clock as clock_module
from stoqflow_web.extensions import db
from stoqflow_web.models import Product, SalesOrder, StockImport, StockImportRow, StockMovement
from stoqflow_web.queries.products import stock_of_all
from stoqflow_web.services import holding, stock, stock_import_work, stock_imports
from stoqflow_web.services.batch_files import csv_text
from stoqflow_web.services.stock_files import read_stock
from stoqflow_web.services.stock_import_work import carry_on
from stoqflow_web.services.stock_imports import NotApplicable
from stoqflow_web.transaction import transaction
from tests.services.transfers import Killed, count_of, read
from tests.support.builders import make_order, make_product

pytestmark = pytest.mark.usefixtures("ctx")


def checked(text: str) -> StockImport:
    return stock_imports.check(read_stock(text), file_name="stock.csv", user_id=None)


def applied(draft: StockImport) -> StockImport:
    stock_imports.apply(draft.id, user_id=None)
    carry_on(draft.id)
    return read(StockImport, draft.id)


def rows(draft: StockImport) -> list[tuple[str, str, int | None]]:
    db.session.rollback()
    found = select(StockImportRow).where(StockImportRow.stock_import_id == draft.id).order_by(StockImportRow.position)
    return [(row.product_text, row.outcome, row.difference) for row in db.session.scalars(found)]


def on_hand(*products: Product) -> list[int]:
    return [read(Product, product.id).on_hand for product in products]


def test_the_dry_run_says_what_would_happen_and_changes_nothing():
    mug, pan = make_product("MUG", stock=5), make_product("PAN", ean="8712345678906", stock=7)
    make_product("TWIN-1", ean="8712345678913"), make_product("TWIN-2", ean="8712345678913")
    draft = checked(
        "sku,ean,on_hand,change\n"
        "MUG,,8,\n"
        ",8712345678906,,-2\n"
        "NONE,,1,\n"
        ",8712345678913,1,\n"
        ",0000000000017,1,\n"
        "TWIN-1,,-1,\n"
        "TWIN-2,,,-999\n"
        "HUGE,,many,\n"
    )
    assert rows(draft) == [
        ("MUG", "waiting", 3),
        ("8712345678906", "waiting", -2),
        ("NONE", "refused", None),
        ("8712345678913", "refused", None),
        ("0000000000017", "refused", None),
        ("TWIN-1", "refused", None),
        ("TWIN-2", "refused", None),
        ("HUGE", "refused", None),
    ]
    assert (draft.total, draft.count_waiting, draft.count_refused) == (8, 2, 6)
    assert on_hand(mug, pan) == [5, 7]
    assert count_of(StockMovement) == 0


def test_a_product_that_stands_in_it_twice_is_refused_each_time():
    make_product("MUG", ean="8712345678906", stock=5)
    draft = checked("sku;ean;on_hand\nMUG;;1\n;8712345678906;2\n")
    assert [outcome for _text, outcome, _difference in rows(draft)] == ["refused", "refused"]
    with pytest.raises(NotApplicable):
        stock_imports.apply(draft.id, user_id=None)


@pytest.mark.both_databases
def test_applying_moves_stock_with_the_file_as_reason_and_orders_follow(make_user):
    sam, mug, pan = make_user(), make_product("MUG", stock=0), make_product("PAN", stock=4)
    waiting = make_order(products=[mug], quantity=2, status="on-hold")
    promised = make_order(products=[pan], quantity=3, status="on-hold")
    with transaction() as tx:
        holding.settle(tx, [waiting.id, promised.id])
    draft = checked("sku,on_hand\nMUG,2\nPAN,1\n")
    stock_imports.apply(draft.id, user_id=sam.id)
    carry_on(draft.id)
    done = read(StockImport, draft.id)
    assert (done.status, done.count_done, done.count_waiting) == ("finished", 2, 0)
    assert [read(SalesOrder, order.id).status for order in (waiting, promised)] == ["ready-to-pick", "on-hold"]
    made = db.session.scalars(select(StockMovement).order_by(StockMovement.product_id)).all()
    assert [(each.quantity, each.reason, each.user_id, each.stock_import_id) for each in made] == [
        (2, "imported", sam.id, draft.id),
        (-3, "imported", sam.id, draft.id),
    ]


def test_what_moves_between_the_dry_run_and_applying_is_not_lost():
    mug = make_product("MUG", stock=5)
    draft = checked("sku,on_hand\nMUG,8\n")
    with transaction() as tx:
        stock.move(tx, tx.session.get_one(Product, mug.id), -1, "shipped")
    applied(draft)
    assert on_hand(mug) == [7]


def test_a_file_is_applied_once():
    mug = make_product("MUG", stock=5)
    draft = checked("sku,change\nMUG,3\n")
    applied(draft)
    applied(draft)
    carry_on(draft.id)
    assert on_hand(mug) == [8]
    with pytest.raises(NotApplicable):
        stock_imports.discard(draft.id)


@pytest.mark.parametrize("is_committed", [True, False])
def test_a_worker_may_be_killed_at_any_step(monkeypatch, clock, is_committed):
    monkeypatch.setattr(stock_import_work, "AT_A_TIME", 2)
    products = [make_product(f"P-{number}", stock=1) for number in range(5)]
    draft = checked("sku,change\n" + "".join(f"P-{number},{number + 1}\n" for number in range(5)))
    stock_imports.apply(draft.id, user_id=None)
    honest, steps = stock_import_work._apply_some, []

    def dying(stock_import_id: int, claim: int) -> bool:
        steps.append(claim)
        if is_committed:
            honest(stock_import_id, claim)
            raise Killed
        with transaction():
            honest(stock_import_id, claim)
            raise Killed

    for _ in range(2):
        monkeypatch.setattr(stock_import_work, "_apply_some", dying)
        with pytest.raises(Killed):
            carry_on(draft.id)
        monkeypatch.setattr(stock_import_work, "_apply_some", honest)
        carry_on(draft.id)  # the lease of the dead worker still holds
        clock.jump(seconds=31)
    assert len(steps) == 2
    carry_on(draft.id)
    assert on_hand(*products) == [2, 3, 4, 5, 6]
    assert read(StockImport, draft.id).status == "finished"
    assert count_of(StockMovement) == 5


def test_an_export_that_is_imported_unchanged_changes_nothing():
    for sku, units in (("MUG", 5), ("-PAN", 0), ("=cmd|'x'!A1", 3), ("'QUOTED", 2), ("BELOW", -4), ("KÜ;1,0", 9)):
        make_product(sku, stock=units, title=f'{sku} "groot"\nen zwart')
    text = "".join(
        csv_text(
            [
                ("sku", "ean", "title", "on_hand", "reserved", "free"),
                *((row.sku, row.ean, row.title, row.on_hand, row.reserved, row.free) for row in stock_of_all()),
            ]
        )
    )
    draft = checked(text)
    assert {outcome for _text, outcome, _difference in rows(draft)} == {"same"}
    assert draft.count_same == 6
    assert "\n=cmd" not in text


def test_ten_thousand_lines_are_checked_and_applied(ctx: Flask):
    with transaction() as tx:
        tx.session.add_all(
            Product(sku=f"P-{number:05}", on_hand=1, reserved=0, created_at=clock_module.now())
            for number in range(10_000)
        )
    draft = checked("sku,on_hand\n" + "".join(f"P-{number:05},{1 if number % 20 else 2}\n" for number in range(10_000)))
    assert (draft.total, draft.count_same, draft.count_refused) == (10_000, 9_500, 0)
    done = applied(draft)
    assert (done.status, done.count_done) == ("finished", 500)


def test_drafts_that_nobody_applied_go_by_themselves(clock):
    make_product("MUG")
    checked("sku,on_hand\nMUG,8\n")
    assert stock_imports.forget_old_drafts() == 0
    clock.jump(days=3)
    assert stock_imports.forget_old_drafts() == 1
    assert (count_of(StockImport), count_of(StockImportRow)) == (0, 0)

"""Choosing the product of a line, once."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from stoqflow_web import clock as clock_module
from stoqflow_web.errors import Invalid, NotFound
from stoqflow_web.extensions import db
from stoqflow_web.models import (
    HistoryEntry,
    ImportProblem,
    ImportRun,
    Offer,
    OrderLine,
    Product,
    SalesOrder,
    StockMovement,
)
from stoqflow_web.models.sales_orders import CANCELED, COMPLETE, DELETED, ON_HOLD, READY_TO_PICK
from stoqflow_web.queries import orders, products
from stoqflow_web.queries.orders import Wanted
from stoqflow_web.services.order_lines import (
    AnotherEan,
    LineNotOpen,
    ProductAlreadyChosen,
    choose_product,
    create_product,
)
from stoqflow_web.transaction import transaction
from tests.support.builders import make_offer, make_order, make_product, make_shop

pytestmark = pytest.mark.usefixtures("clock", "ctx")


def choose(line_id, product_id, user_id, **given):
    """Chosen by somebody who saw both EANs."""
    return choose_product(line_id, product_id, user_id, despite_ean=True, **given)


@pytest.fixture
def emma(make_user):
    return make_user(name="Emma")


@pytest.fixture
def shop():
    return make_shop()


def unknown_order(shop, offer="offer-7", **fields):
    items = {"offer_external_id": offer, "reference": "NEW-7", "ean": "8712345678906", "title": "A new thing"}
    return make_order(shop=shop, products=[None], status=ON_HOLD, items=items, **fields)


def now(record):
    """The record as it is in the database by now."""
    db.session.rollback()
    return db.session.get(type(record), record.id, populate_existing=True)


def test_the_order_gets_its_product_and_is_ready_when_there_is_stock(shop, emma):
    order, product = unknown_order(shop), make_product("HK-1", stock=5)
    chosen = choose(order.lines[0].id, product.id, emma.id)
    assert (chosen.lines_solved, chosen.sales_order_id) == (1, order.id)
    assert now(order).status == READY_TO_PICK
    assert now(order.lines[0]).product_id == product.id
    assert now(product).reserved == 1


def test_without_stock_the_order_stays_on_hold(shop, emma):
    order = unknown_order(shop)
    choose(order.lines[0].id, make_product(stock=0).id, emma.id)
    assert now(order).status == ON_HOLD


@pytest.mark.both_databases
def test_all_open_lines_of_the_offer_are_solved_and_no_others(shop, emma):
    first, second = unknown_order(shop), unknown_order(shop)
    other_offer, other_shop = unknown_order(shop, offer="offer-8"), unknown_order(make_shop())
    done = unknown_order(shop)
    with transaction() as tx:
        tx.session.get_one(SalesOrder, done.id).status = COMPLETE
    product = make_product(stock=50)
    assert choose(first.lines[0].id, product.id, emma.id).lines_solved == 2
    assert now(second.lines[0]).product_id == product.id
    assert [now(order.lines[0]).product_id for order in (other_offer, other_shop, done)] == [None, None, None]


@pytest.mark.both_databases
def test_the_offer_remembers_so_it_is_asked_only_once(shop, emma):
    order, product = unknown_order(shop), make_product()
    choose(order.lines[0].id, product.id, emma.id)
    offer = db.session.scalars(select(Offer)).one()
    assert (offer.shop_id, offer.external_id, offer.product_id) == (shop.id, "offer-7", product.id)
    assert (offer.reference, offer.ean_normalised) == ("NEW-7", "8712345678906")


def test_an_offer_that_is_here_already_is_not_doubled(shop, emma):
    offer, product = make_offer(shop, external_id="offer-7"), make_product()
    choose(unknown_order(shop).lines[0].id, product.id, emma.id)
    assert db.session.scalars(select(Offer.product_id)).all() == [product.id]
    assert now(offer).product_id == product.id


def test_a_line_without_an_offer_is_solved_alone(shop, emma):
    order, other = unknown_order(shop, offer=None), unknown_order(shop, offer=None)
    assert choose(order.lines[0].id, make_product().id, emma.id).lines_solved == 1
    assert now(other.lines[0]).product_id is None
    assert db.session.scalars(select(Offer)).all() == []


def test_what_the_transfer_asked_about_it_is_solved(shop, emma):
    order, offer = unknown_order(shop), make_offer(shop, external_id="offer-7")
    with transaction() as tx:
        run = ImportRun(shop_id=shop.id, kind="orders", status="finished", created_at=clock_module.now())
        tx.session.add(run)
        tx.session.flush()
        about = {"line": {"order_line_id": order.lines[0].id}, "offer": {"offer_id": offer.id}, "else": {}}
        tx.session.add_all(
            ImportProblem(run_id=run.id, code="unknown", subject=name, created_at=clock_module.now(), **ids)
            for name, ids in about.items()
        )
    choose(order.lines[0].id, make_product().id, emma.id)
    unsolved = db.session.scalars(select(ImportProblem.subject).where(ImportProblem.solved_at.is_(None))).all()
    assert unsolved == ["else"]


@pytest.mark.both_databases
def test_the_order_is_found_by_the_sku_from_then_on(shop, emma):
    order = unknown_order(shop)
    choose(order.lines[0].id, make_product("HK-2281").id, emma.id)
    assert [found.id for found in orders.page(Wanted(words="hk-2281")).rows] == [order.id]


def test_the_history_says_who_chose_what(shop, emma):
    order = unknown_order(shop)
    choose(order.lines[0].id, make_product("HK-1").id, emma.id)
    entry = db.session.scalars(select(HistoryEntry).where(HistoryEntry.event == "product_chosen")).one()
    assert (entry.sales_order_id, entry.user_id) == (order.id, emma.id)
    assert entry.details == {"line": "A new thing", "sku": "HK-1"}


def test_choosing_twice_does_nothing_more(shop, emma):
    order, product = unknown_order(shop), make_product(stock=5)
    choose(order.lines[0].id, product.id, emma.id)
    assert choose(order.lines[0].id, product.id, emma.id).lines_solved == 0
    assert now(product).reserved == 1
    assert len(db.session.scalars(select(HistoryEntry).where(HistoryEntry.event == "product_chosen")).all()) == 1


def test_what_another_person_chose_stands(shop, emma):
    order, product = unknown_order(shop), make_product("HK-1")
    choose(order.lines[0].id, product.id, emma.id)
    with pytest.raises(ProductAlreadyChosen, match="HK-1"):
        choose(order.lines[0].id, make_product("HK-2").id, emma.id)
    with pytest.raises(ProductAlreadyChosen, match="HK-1"):
        create_product(order.lines[0].id, sku="HK-3", ean="", title="", user_id=emma.id)
    assert now(order.lines[0]).product_id == product.id


def test_a_finished_order_keeps_what_it_was(shop, emma):
    order = unknown_order(shop)
    with transaction() as tx:
        tx.session.get_one(SalesOrder, order.id).status = COMPLETE
    with pytest.raises(LineNotOpen, match=order.number):
        choose(order.lines[0].id, make_product().id, emma.id)


def test_what_is_not_here_is_refused(shop, emma):
    line = unknown_order(shop).lines[0]
    with pytest.raises(NotFound):
        choose(line.id, 999_999, emma.id)
    with pytest.raises(NotFound):
        choose(999_999, make_product().id, emma.id)
    assert db.session.get(OrderLine, line.id).product_id is None


@pytest.mark.both_databases
def test_a_product_made_from_the_line_is_chosen_and_found(shop, emma):
    order, other = unknown_order(shop), unknown_order(shop)
    chosen = create_product(order.lines[0].id, sku=" NEW-7 ", ean=" 7740 40-42 ", title="A new thing", user_id=emma.id)
    assert chosen.lines_solved == 2
    product = now(order.lines[0]).product
    assert (product.sku, product.ean, product.ean_normalised) == ("NEW-7", "77404042", "0000077404042")
    assert (product.title, product.on_hand, product.reserved) == ("A new thing", 0, 0)
    assert now(other.lines[0]).product_id == product.id
    for question in ("new-7", "77404042", "0000077404042", "thing"):
        assert [found.sku for found in products.page(question).rows] == ["NEW-7"], question


@pytest.mark.both_databases
def test_a_sku_is_never_given_twice(shop, emma):
    make_product("TAKEN")
    line = unknown_order(shop).lines[0]
    with pytest.raises(Invalid, match="already"):
        create_product(line.id, sku="TAKEN", ean="", title="", user_id=emma.id)
    assert now(line).product_id is None
    assert db.session.scalars(select(Product.sku)).all() == ["TAKEN"]


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"sku": "  "}, "sku"),
        ({"sku": "x" * 101}, "sku"),
        ({"sku": "a\x00b"}, "sku"),
        ({"ean": "9" * 15}, "ean"),
        ({"ean": "9" * 7}, "ean"),
        ({"ean": "notanean"}, "ean"),
        ({"ean": "²" * 13}, "ean"),
        ({"title": "x" * 501}, "title"),
        ({"units": -1}, "units"),
        ({"units": 10_000}, "units"),
    ],
)
def test_a_product_that_can_not_be_made_leaves_everything_as_it_was(shop, emma, typed, field):
    line = unknown_order(shop).lines[0]
    with pytest.raises(Invalid) as refused:
        create_product(line.id, **({"sku": "NEW", "ean": "", "title": "", "user_id": emma.id} | typed))
    assert refused.value.field == field
    assert now(line).product_id is None
    assert db.session.scalars(select(Product.sku)).all() == []


@pytest.mark.both_databases
def test_of_two_people_who_choose_at_once_one_is_told(app, shop, emma):
    first, second = unknown_order(shop), unknown_order(shop)
    wanted = [(first.lines[0].id, make_product("HK-1").id), (second.lines[0].id, make_product("HK-2").id)]
    db.session.rollback()
    together = threading.Barrier(2)

    def chosen_lines(line_id, product_id):
        with app.app_context():
            together.wait(10)
            try:
                return choose(line_id, product_id, emma.id).lines_solved
            except ProductAlreadyChosen:
                return 0

    with ThreadPoolExecutor(2) as people:
        solved = list(people.map(lambda choice: chosen_lines(*choice), wanted))
    assert sorted(solved) == [0, 2]
    assert len({now(order.lines[0]).product_id for order in (first, second)}) == 1


def events_of(order):
    return db.session.scalars(
        select(HistoryEntry.event).where(HistoryEntry.sales_order_id == order.id).order_by(HistoryEntry.id)
    ).all()


@pytest.mark.both_databases
def test_a_changed_product_moves_the_reservation(shop, emma):
    order, wrong, right = unknown_order(shop), make_product("WRONG", stock=5), make_product("RIGHT", stock=5)
    choose(order.lines[0].id, wrong.id, emma.id)
    assert choose(order.lines[0].id, right.id, emma.id, instead_of=wrong.id).lines_solved == 1
    assert (now(wrong).reserved, now(right).reserved) == (0, 1)
    assert now(order).status == READY_TO_PICK
    entry = db.session.scalars(select(HistoryEntry).order_by(HistoryEntry.id)).all()[-2]
    assert entry.details == {"line": "A new thing", "sku": "RIGHT", "before": "WRONG"}


@pytest.mark.both_databases
def test_a_change_to_what_is_not_in_stock_puts_the_order_on_hold(shop, emma):
    order, wrong, right = unknown_order(shop), make_product(stock=5), make_product("RIGHT", stock=0)
    choose(order.lines[0].id, wrong.id, emma.id)
    choose(order.lines[0].id, right.id, emma.id, instead_of=wrong.id)
    assert (now(wrong).reserved, now(right).reserved) == (0, 0)
    assert now(order).status == ON_HOLD
    assert events_of(order) == ["product_chosen", "released", "product_chosen", "put_on_hold"]


@pytest.mark.both_databases
def test_the_other_open_lines_of_the_offer_follow_a_change(shop, emma):
    first, second, done = unknown_order(shop), unknown_order(shop), unknown_order(shop)
    wrong, right, another = make_product(stock=5), make_product(stock=1), make_product()
    choose(first.lines[0].id, wrong.id, emma.id)
    with transaction() as tx:
        tx.session.get_one(SalesOrder, done.id).status = COMPLETE
    own = unknown_order(shop)
    with transaction() as tx:
        tx.session.get_one(OrderLine, own.lines[0].id).product_id = another.id
    assert choose(second.lines[0].id, right.id, emma.id, instead_of=wrong.id).lines_solved == 2
    lines = [now(order.lines[0]).product_id for order in (first, second, done, own)]
    assert lines == [right.id, right.id, wrong.id, another.id]
    assert [now(order).status for order in (first, second)] == [READY_TO_PICK, ON_HOLD]
    assert (now(right).reserved, now(wrong).reserved) == (1, 1)  # the order that has ended here gave nothing back
    assert db.session.scalars(select(Offer.product_id)).all() == [right.id]


def test_an_offer_that_means_something_else_is_left_alone(shop, emma):
    offered, wrong = make_product(), make_product()
    offer = make_offer(shop, offered, external_id="offer-7")
    order = make_order(shop=shop, products=[wrong], items={"offer_external_id": "offer-7"}, status=ON_HOLD)
    choose(order.lines[0].id, make_product().id, emma.id, instead_of=wrong.id)
    assert now(offer).product_id == offered.id


@pytest.mark.both_databases
def test_a_changed_order_is_no_longer_found_by_the_sku_it_lost(shop, emma):
    order, wrong = unknown_order(shop), make_product("HK-2281")
    choose(order.lines[0].id, wrong.id, emma.id)
    choose(order.lines[0].id, make_product("HK-77").id, emma.id, instead_of=wrong.id)
    found = {
        words: [row.id for row in orders.page(Wanted(words=words)).rows] for words in ("hk-2281", "hk-77", "new-7")
    }
    assert found == {"hk-2281": [], "hk-77": [order.id], "new-7": [order.id]}


def test_a_change_needs_to_know_what_it_changes(shop, emma):
    order, product = unknown_order(shop), make_product("HK-1")
    choose(order.lines[0].id, product.id, emma.id)
    with pytest.raises(ProductAlreadyChosen, match="HK-1"):
        choose(order.lines[0].id, make_product().id, emma.id, instead_of=product.id + 1)


@pytest.mark.parametrize("status", [COMPLETE, CANCELED, DELETED])
def test_what_has_ended_keeps_its_product(shop, emma, status):
    product = make_product()
    order = make_order(shop=shop, products=[product], status=status)
    with pytest.raises(LineNotOpen):
        choose(order.lines[0].id, make_product().id, emma.id, instead_of=product.id)
    with pytest.raises(LineNotOpen):
        create_product(order.lines[0].id, sku="N", ean="", title="", user_id=emma.id, instead_of=product.id)


def test_a_canceled_line_of_an_open_order_keeps_its_product(shop, emma):
    product = make_product()
    order = make_order(shop=shop, products=[product, make_product()])
    with transaction() as tx:
        tx.session.get_one(OrderLine, order.lines[0].id).canceled_at = clock_module.now()
    with pytest.raises(LineNotOpen, match="canceled"):
        choose(order.lines[0].id, make_product().id, emma.id, instead_of=product.id)


def test_another_ean_is_only_chosen_by_who_saw_it(shop, emma):
    order = unknown_order(shop)
    with pytest.raises(AnotherEan):
        choose_product(order.lines[0].id, make_product(ean="4006381333931").id, emma.id)
    assert now(order.lines[0]).product_id is None
    assert choose_product(order.lines[0].id, make_product(ean="8712345678906").id, emma.id).lines_solved == 1


@pytest.mark.both_databases
def test_a_new_product_is_booked_with_what_lies_here(shop, emma):
    order = unknown_order(shop)
    create_product(order.lines[0].id, sku="NEW-7", ean="", title="", units=4, user_id=emma.id)
    movement = db.session.scalars(select(StockMovement)).one()
    assert (movement.quantity, movement.reason, movement.user_id) == (4, "opening", emma.id)
    product = now(order.lines[0]).product
    assert (product.on_hand, product.reserved) == (4, 1)
    assert now(order).status == READY_TO_PICK


@pytest.mark.both_databases
def test_of_two_people_who_change_at_once_one_is_told_and_nothing_stays_reserved(app, shop, emma):
    first, second = unknown_order(shop), unknown_order(shop)
    wrong, wanted = make_product(), [make_product(), make_product()]
    choose(first.lines[0].id, wrong.id, emma.id)
    lines = [first.lines[0].id, second.lines[0].id]
    db.session.rollback()
    together = threading.Barrier(2)

    def change(line_id, product_id):
        with app.app_context():
            together.wait(10)
            try:
                return choose(line_id, product_id, emma.id, instead_of=wrong.id).lines_solved
            except ProductAlreadyChosen:
                return 0

    with ThreadPoolExecutor(2) as people:
        solved = list(people.map(change, lines, [product.id for product in wanted]))
    assert sorted(solved) == [0, 2]
    assert now(wrong).reserved == 0
    assert sorted(now(product).reserved for product in wanted) == [0, 2]

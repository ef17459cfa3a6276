"""The number that a marketplace is told: one rule, in Python and in the database."""

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, literal, select

from stoqflow_web.extensions import db
from stoqflow_web.models import Product, ProductWord
from stoqflow_web.sellable import MOST_TOLD, sellable, sellable_sql
from stoqflow_web.transaction import transaction
from tests.support.builders import make_product

UNITS = st.integers(-3, 2_000)


@given(on_hand=UNITS, reserved=UNITS, waiting=st.integers(0, 2_000), margin=st.integers(0, 999))
def test_it_is_never_negative_never_over_999_and_never_more_than_is_free(
    on_hand: int, reserved: int, waiting: int, margin: int
) -> None:
    number = sellable(on_hand=on_hand, reserved=reserved, waiting=waiting, margin=margin)
    assert 0 <= number <= MOST_TOLD
    assert number <= max(on_hand - reserved, 0)
    assert number == 0 or number + margin + waiting <= on_hand - reserved


@given(on_hand=UNITS, more=st.integers(0, 50), margin=st.integers(0, 999))
def test_more_on_hand_is_never_fewer_to_sell(on_hand: int, more: int, margin: int) -> None:
    now = sellable(on_hand=on_hand, reserved=1, waiting=2, margin=margin)
    assert sellable(on_hand=on_hand + more, reserved=1, waiting=2, margin=margin) >= now


@pytest.mark.both_databases
def test_the_database_counts_as_we_do(ctx: Flask) -> None:
    @settings(max_examples=60, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(on_hand=UNITS, reserved=UNITS, waiting=st.integers(0, 2_000), margin=st.integers(0, 999))
    def agree(on_hand: int, reserved: int, waiting: int, margin: int) -> None:
        product = make_product("ONE", stock=on_hand, reserved=reserved)
        asked = select(sellable_sql(Product.on_hand, Product.reserved, literal(waiting), margin))
        there = db.session.scalar(asked.where(Product.id == product.id))
        assert there == sellable(on_hand=on_hand, reserved=reserved, waiting=waiting, margin=margin)
        with transaction() as tx:
            tx.session.execute(delete(ProductWord))
            tx.session.execute(delete(Product))

    agree()

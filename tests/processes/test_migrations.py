"""An installation that has been in use is brought up to date, with everything in it."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from flask_migrate import downgrade, upgrade

from stoqflow_web.app import make_app
from stoqflow_web.extensions import db
from stoqflow_web.settings import Settings

MOMENT = "2026-01-01 00:00:00.000000"


@pytest.fixture
def old(settings: Settings, tmp_path: Path):
    """An app on an empty database, and how to get hold of that."""
    path = tmp_path / "old.db"
    app = make_app(Settings(**{**vars_of(settings), "database_url": f"sqlite:///{path}"}))
    with app.app_context():
        yield lambda: closing(sqlite3.connect(path))
        db.engine.dispose()
    app.extensions["redis"].close()


def vars_of(settings: Settings) -> dict[str, object]:
    return {name: getattr(settings, name) for name in settings.__dataclass_fields__}


def add(connection: sqlite3.Connection, table: str, **values: object) -> None:
    """A row with these values, and with something in every other column that wants it."""
    for _place, name, kind, is_needed, default, is_key in connection.execute(f"PRAGMA table_info({table})").fetchall():
        if is_needed and default is None and not is_key and name not in values:
            values[name] = {"DATETIME": MOMENT, "DATE": MOMENT[:10], "JSON": "{}"}.get(kind, f"{table}-{name}")
            if kind in ("INTEGER", "BIGINT", "BOOLEAN"):
                values[name] = 0
    marks = ", ".join("?" * len(values))
    connection.execute(f"INSERT INTO {table} ({', '.join(values)}) VALUES ({marks})", list(values.values()))


def test_what_is_in_use_is_brought_up_to_date_and_keeps_all_it_has(old):
    upgrade(revision="0002")
    with old() as connection:
        add(connection, "shops", id=1)
        add(connection, "products", id=1, sku="A", on_hand=3, reserved=5)
        add(connection, "products", id=2, sku="B", on_hand=7)
        add(connection, "offers", id=1, shop_id=1, product_id=1)
        for product_id, quantity in ((1, 10), (2, 7), (1, -4), (1, -3)):
            add(connection, "stock_movements", product_id=product_id, quantity=quantity)
        connection.commit()
    upgrade()
    with old() as connection:
        assert connection.execute("SELECT shop_id, product_id FROM offers").fetchall() == [(1, 1)]
        told = "SELECT product_id, quantity, on_hand_after FROM stock_movements ORDER BY id"
        assert connection.execute(told).fetchall() == [(1, 10, 10), (2, 7, 7), (1, -4, 6), (1, -3, 3)]
        promised_too_much = "SELECT sku FROM products WHERE is_unsettled"
        assert connection.execute(promised_too_much).fetchall() == [("A",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    assert db.session.execute(db.text("PRAGMA foreign_keys")).scalar() == 1
    db.session.rollback()
    downgrade(revision="0003")
    upgrade()
    with old() as connection:
        assert connection.execute("SELECT COUNT(*) FROM stock_movements").fetchone() == (4,)

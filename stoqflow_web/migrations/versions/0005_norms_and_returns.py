"""Service norms and returns

Revision: 0005, after 0004
"""

import sqlalchemy as sa
from alembic import op

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
WORD = sa.String(60).with_variant(sa.String(60, collation="C"), "postgresql")
MONEY = sa.Numeric(14, 4).with_variant(sa.String(20), "sqlite")
IS_HANDLED_AND_OURS = sa.text("quantity <= quantity_shipped + quantity_cancelled AND fulfilment_method <> 'FBB'")

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "readings",
        sa.Column("shop_id", BIG_ID, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_page", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_readings_shop_id_shops")),
        sa.PrimaryKeyConstraint("shop_id", "kind", name=op.f("pk_readings")),
    )
    op.create_table(
        "performance_indicators",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("shop_id", BIG_ID, nullable=False),
        sa.Column("name", sa.String(length=30), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("week", sa.Integer(), nullable=False),
        sa.Column("is_share", sa.Boolean(), nullable=False),
        sa.Column("norm_condition", sa.String(length=2), nullable=True),
        sa.Column("norm_value", MONEY, nullable=True),
        sa.Column("numerator", sa.Integer(), nullable=True),
        sa.Column("denominator", sa.Integer(), nullable=True),
        sa.Column("score", MONEY, nullable=True),
        sa.Column("conforms", sa.Boolean(), nullable=True),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_performance_indicators_shop_id_shops")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_performance_indicators")),
        sa.UniqueConstraint(
            "shop_id", "year", "week", "name", name=op.f("uq_performance_indicators_shop_id_year_week_name")
        ),
    )
    op.create_table(
        "returns",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("shop_id", BIG_ID, nullable=False),
        sa.Column("external_id", sa.String(length=50), nullable=False),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_returns_shop_id_shops")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_returns")),
        sa.UniqueConstraint("shop_id", "external_id", name=op.f("uq_returns_shop_id_external_id")),
    )
    op.create_table(
        "return_items",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("return_id", BIG_ID, nullable=False),
        sa.Column("shop_id", BIG_ID, nullable=False),
        sa.Column("rma_id", WORD, nullable=False),
        sa.Column("order_external_id", WORD, nullable=False),
        sa.Column("ean", WORD, nullable=False),
        sa.Column("title", sa.String(length=500), nullable=True),
        sa.Column("expected_quantity", sa.Integer(), nullable=False),
        sa.Column("main_reason", sa.Text(), nullable=False),
        sa.Column("detailed_reason", sa.Text(), nullable=False),
        sa.Column("comments", sa.Text(), nullable=False),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_handled", sa.Boolean(), nullable=False),
        sa.Column("handled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("results", sa.JSON(), nullable=False),
        sa.Column("track_and_trace", WORD, nullable=True),
        sa.Column("carrier_name", sa.String(length=100), nullable=True),
        sa.Column("looked_up_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["return_id"], ["returns.id"], name=op.f("fk_return_items_return_id_returns")),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_return_items_shop_id_shops")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_return_items")),
        sa.UniqueConstraint("shop_id", "rma_id", name=op.f("uq_return_items_shop_id_rma_id")),
    )
    with op.batch_alter_table("return_items", schema=None) as batch_op:
        for columns in (
            ["return_id"],
            ["shop_id", "order_external_id"],
            ["is_handled", "registered_at", "id"],
            ["shop_id", "is_handled", "registered_at", "id"],
            ["rma_id"],
            ["order_external_id"],
            ["ean"],
            ["track_and_trace"],
        ):
            batch_op.create_index(batch_op.f(f"ix_return_items_{'_'.join(columns)}"), columns, unique=False)
    with op.batch_alter_table("marketplace_items", schema=None) as batch_op:
        batch_op.create_index(
            "ix_marketplace_items_handled",
            ["changed_at", "shop_id", "quantity_cancelled"],
            unique=False,
            sqlite_where=IS_HANDLED_AND_OURS,
            postgresql_where=IS_HANDLED_AND_OURS,
        )
    with op.batch_alter_table("shipments", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_shipments_created_at"), ["created_at"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("shipments", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_shipments_created_at"))
    with op.batch_alter_table("marketplace_items", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_marketplace_items_handled", sqlite_where=IS_HANDLED_AND_OURS, postgresql_where=IS_HANDLED_AND_OURS
        )
    for table in ("return_items", "returns", "performance_indicators", "readings"):
        op.drop_table(table)

"""The outbox: shipments, cancellations and what became of them

Revision: 0002, after 0001
"""

import sqlalchemy as sa
from alembic import op

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "shipments",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("sales_order_id", BIG_ID, nullable=False),
        sa.Column("reference", sa.String(length=60), nullable=False),
        sa.Column("carrier", sa.String(length=30), nullable=False),
        sa.Column("track_and_trace", sa.String(length=100), nullable=True),
        sa.Column("replaced_code", sa.String(length=100), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("external_id", sa.String(length=50), nullable=True),
        sa.Column("transport_external_id", sa.String(length=50), nullable=True),
        sa.ForeignKeyConstraint(
            ["sales_order_id"], ["sales_orders.id"], name=op.f("fk_shipments_sales_order_id_sales_orders")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shipments")),
        sa.UniqueConstraint("reference", name=op.f("uq_shipments_reference")),
    )
    with op.batch_alter_table("shipments", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_shipments_sales_order_id"), ["sales_order_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_shipments_track_and_trace"), ["track_and_trace"], unique=False)

    op.create_table(
        "shipment_lines",
        sa.Column("shipment_id", BIG_ID, nullable=False),
        sa.Column("order_line_id", BIG_ID, nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["order_line_id"], ["order_lines.id"], name=op.f("fk_shipment_lines_order_line_id_order_lines")
        ),
        sa.ForeignKeyConstraint(
            ["shipment_id"], ["shipments.id"], name=op.f("fk_shipment_lines_shipment_id_shipments")
        ),
        sa.PrimaryKeyConstraint("shipment_id", "order_line_id", name=op.f("pk_shipment_lines")),
    )
    op.create_table(
        "writebacks",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("shop_id", BIG_ID, nullable=False),
        sa.Column("marketplace_order_id", BIG_ID, nullable=False),
        sa.Column("sales_order_id", BIG_ID, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("shipment_id", BIG_ID, nullable=True),
        sa.Column("marketplace_item_id", BIG_ID, nullable=True),
        sa.Column("cancel_reason", sa.String(length=40), nullable=True),
        sa.Column("carrier", sa.String(length=30), nullable=True),
        sa.Column("track_and_trace", sa.String(length=100), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("why", sa.String(length=30), nullable=True),
        sa.Column("their_sentence", sa.Text(), nullable=True),
        sa.Column("sort_day", sa.Date(), nullable=False),
        sa.Column("is_deliberate", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", BIG_ID, nullable=True),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claim", sa.Integer(), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("process_status_id", sa.String(length=60), nullable=True),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("look_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("looks", sa.Integer(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["created_by_id"], ["users.id"], name=op.f("fk_writebacks_created_by_id_users")),
        sa.ForeignKeyConstraint(
            ["marketplace_item_id"],
            ["marketplace_items.id"],
            name=op.f("fk_writebacks_marketplace_item_id_marketplace_items"),
        ),
        sa.ForeignKeyConstraint(
            ["marketplace_order_id"],
            ["marketplace_orders.id"],
            name=op.f("fk_writebacks_marketplace_order_id_marketplace_orders"),
        ),
        sa.ForeignKeyConstraint(
            ["sales_order_id"], ["sales_orders.id"], name=op.f("fk_writebacks_sales_order_id_sales_orders")
        ),
        sa.ForeignKeyConstraint(["shipment_id"], ["shipments.id"], name=op.f("fk_writebacks_shipment_id_shipments")),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_writebacks_shop_id_shops")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_writebacks")),
    )
    with op.batch_alter_table("writebacks", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_writebacks_marketplace_item_id"), ["marketplace_item_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_writebacks_marketplace_order_id"), ["marketplace_order_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_writebacks_process_status_id"), ["process_status_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_writebacks_sales_order_id"), ["sales_order_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_writebacks_shipment_id"), ["shipment_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_writebacks_shop_id_state_not_before"), ["shop_id", "state", "not_before"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_writebacks_state_id"), ["state", "id"], unique=False)

    op.create_table(
        "writeback_attempts",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("writeback_id", BIG_ID, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.String(length=40), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["writeback_id"], ["writebacks.id"], name=op.f("fk_writeback_attempts_writeback_id_writebacks")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_writeback_attempts")),
    )
    with op.batch_alter_table("writeback_attempts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_writeback_attempts_writeback_id"), ["writeback_id"], unique=False)

    op.create_table(
        "batches",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=True),
        sa.Column("source_id", BIG_ID, nullable=True),
        sa.Column("created_by_id", BIG_ID, nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("claim", sa.Integer(), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("count_done", sa.Integer(), nullable=False),
        sa.Column("count_refused", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["created_by_id"], ["users.id"], name=op.f("fk_batches_created_by_id_users")),
        sa.ForeignKeyConstraint(["source_id"], ["batches.id"], name=op.f("fk_batches_source_id_batches")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batches")),
    )
    with op.batch_alter_table("batches", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_batches_source_id"), ["source_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_batches_status_id"), ["status", "id"], unique=False)

    op.create_table(
        "batch_rows",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("batch_id", BIG_ID, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("line_number", sa.Integer(), nullable=True),
        sa.Column("order_text", sa.String(length=60), nullable=False),
        sa.Column("sales_order_id", BIG_ID, nullable=True),
        sa.Column("carrier", sa.String(length=30), nullable=True),
        sa.Column("track_and_trace", sa.String(length=100), nullable=True),
        sa.Column("is_uncommon", sa.Boolean(), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=True),
        sa.Column("handled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name=op.f("fk_batch_rows_batch_id_batches")),
        sa.ForeignKeyConstraint(
            ["sales_order_id"], ["sales_orders.id"], name=op.f("fk_batch_rows_sales_order_id_sales_orders")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batch_rows")),
    )
    with op.batch_alter_table("batch_rows", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_batch_rows_batch_id_outcome_position"), ["batch_id", "outcome", "position"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_batch_rows_batch_id_position"), ["batch_id", "position"], unique=False)
        batch_op.create_index(batch_op.f("ix_batch_rows_sales_order_id"), ["sales_order_id"], unique=False)

    with op.batch_alter_table("marketplace_orders", schema=None) as batch_op:
        batch_op.add_column(sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.create_index(batch_op.f("ix_marketplace_orders_deleted_at"), ["deleted_at"], unique=False)

    with op.batch_alter_table("order_lines", schema=None) as batch_op:
        batch_op.add_column(sa.Column("canceled_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("cancel_reason", sa.String(length=40), nullable=True))

    with op.batch_alter_table("sales_orders", schema=None) as batch_op:
        batch_op.add_column(sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.create_index(
            "ix_sales_orders_cancellation_requested",
            ["status", "sort_day", "id"],
            unique=False,
            sqlite_where=sa.text("is_cancellation_requested = 1"),
            postgresql_where=sa.text("is_cancellation_requested"),
        )

    with op.batch_alter_table("stock_movements", schema=None) as batch_op:
        batch_op.add_column(sa.Column("sales_order_id", BIG_ID, nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_stock_movements_sales_order_id_sales_orders"), "sales_orders", ["sales_order_id"], ["id"]
        )

    with op.batch_alter_table("shops", schema=None) as batch_op:
        batch_op.add_column(sa.Column("hold_minutes", sa.Integer(), server_default="2", nullable=False))
        batch_op.add_column(sa.Column("waits_for_all_parts", sa.Boolean(), server_default=sa.true(), nullable=False))
        batch_op.add_column(sa.Column("default_carrier", sa.String(length=30), server_default="postnl", nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("batch_rows", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_batch_rows_sales_order_id"))
        batch_op.drop_index(batch_op.f("ix_batch_rows_batch_id_position"))
        batch_op.drop_index(batch_op.f("ix_batch_rows_batch_id_outcome_position"))

    op.drop_table("batch_rows")
    with op.batch_alter_table("batches", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_batches_status_id"))
        batch_op.drop_index(batch_op.f("ix_batches_source_id"))

    op.drop_table("batches")
    with op.batch_alter_table("stock_movements", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_stock_movements_sales_order_id_sales_orders"), type_="foreignkey")
        batch_op.drop_column("sales_order_id")

    with op.batch_alter_table("shops", schema=None) as batch_op:
        batch_op.drop_column("default_carrier")
        batch_op.drop_column("waits_for_all_parts")
        batch_op.drop_column("hold_minutes")

    with op.batch_alter_table("sales_orders", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_sales_orders_cancellation_requested",
            sqlite_where=sa.text("is_cancellation_requested = 1"),
            postgresql_where=sa.text("is_cancellation_requested"),
        )
        batch_op.drop_column("ended_at")

    with op.batch_alter_table("order_lines", schema=None) as batch_op:
        batch_op.drop_column("cancel_reason")
        batch_op.drop_column("canceled_at")

    with op.batch_alter_table("marketplace_orders", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_marketplace_orders_deleted_at"))
        batch_op.drop_column("deleted_at")

    with op.batch_alter_table("writeback_attempts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_writeback_attempts_writeback_id"))

    op.drop_table("writeback_attempts")
    with op.batch_alter_table("writebacks", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_writebacks_state_id"))
        batch_op.drop_index(batch_op.f("ix_writebacks_shop_id_state_not_before"))
        batch_op.drop_index(batch_op.f("ix_writebacks_shipment_id"))
        batch_op.drop_index(batch_op.f("ix_writebacks_sales_order_id"))
        batch_op.drop_index(batch_op.f("ix_writebacks_process_status_id"))
        batch_op.drop_index(batch_op.f("ix_writebacks_marketplace_order_id"))
        batch_op.drop_index(batch_op.f("ix_writebacks_marketplace_item_id"))

    op.drop_table("writebacks")
    op.drop_table("shipment_lines")
    with op.batch_alter_table("shipments", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_shipments_track_and_trace"))
        batch_op.drop_index(batch_op.f("ix_shipments_sales_order_id"))

    op.drop_table("shipments")

"""In step with the marketplace: sync, the proof that nothing was missed, requests to cancel, activity

Revision: 0003, after 0002
"""

import sqlalchemy as sa
from alembic import op

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
IS_OPEN_AND_OURS = sa.text("quantity > quantity_shipped + quantity_cancelled AND fulfilment_method <> 'FBB'")

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "activities",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("shop_id", BIG_ID, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("event", sa.String(length=40), nullable=False),
        sa.Column("user_id", BIG_ID, nullable=True),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_activities_shop_id_shops")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_activities_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_activities")),
    )
    with op.batch_alter_table("activities", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_activities_at"), ["at"], unique=False)
        batch_op.create_index(batch_op.f("ix_activities_outcome_id"), ["outcome", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_activities_shop_id_id"), ["shop_id", "id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_activities_shop_id_outcome_id"), ["shop_id", "outcome", "id"], unique=False
        )

    op.create_table(
        "order_checks",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("shop_id", BIG_ID, nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_nightly", sa.Boolean(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("open_there", sa.Integer(), nullable=False),
        sa.Column("open_here", sa.Integer(), nullable=False),
        sa.Column("handled_there", sa.Integer(), nullable=False),
        sa.Column("handled_here", sa.Integer(), nullable=False),
        sa.Column("deleted_here", sa.Integer(), nullable=False),
        sa.Column("missed", sa.JSON(), nullable=False),
        sa.Column("different", sa.JSON(), nullable=False),
        sa.Column("next_page", sa.Integer(), nullable=False),
        sa.Column("listed", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_order_checks_shop_id_shops")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_checks")),
    )
    with op.batch_alter_table("order_checks", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_order_checks_finished_at"), ["finished_at"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_order_checks_shop_id_finished_at"), ["shop_id", "finished_at"], unique=False
        )

    with op.batch_alter_table("import_runs", schema=None) as batch_op:
        batch_op.add_column(sa.Column("watermark", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("is_catch_up", sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.create_index(batch_op.f("ix_import_runs_created_at"), ["created_at"], unique=False)

    with op.batch_alter_table("marketplace_items", schema=None) as batch_op:
        batch_op.add_column(sa.Column("cancellation_requested_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("shipped_elsewhere", sa.Integer(), server_default="0", nullable=False))
        batch_op.create_index(
            "ix_marketplace_items_open",
            ["shop_id", "order_id"],
            unique=False,
            sqlite_where=IS_OPEN_AND_OURS,
            postgresql_where=IS_OPEN_AND_OURS,
        )

    # What was shipped until now, and not by a complete order here, is no news: stock does not follow it afterwards.
    shipped_here = (
        "SELECT COALESCE(SUM(order_lines.quantity), 0) FROM order_lines "
        "JOIN sales_orders ON sales_orders.id = order_lines.sales_order_id "
        "WHERE order_lines.marketplace_item_id = marketplace_items.id "
        "AND sales_orders.status = 'complete' AND order_lines.canceled_at IS NULL"
    )
    op.execute(
        f"UPDATE marketplace_items SET shipped_elsewhere = quantity_shipped - ({shipped_here}) "  # noqa: S608
        f"WHERE quantity_shipped > ({shipped_here})"
    )

    with op.batch_alter_table("marketplace_orders", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_marketplace_orders_placed_at"), ["placed_at"], unique=False)

    with op.batch_alter_table("order_lines", schema=None) as batch_op:
        batch_op.add_column(sa.Column("ship_anyway_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("ship_anyway_reason", sa.String(length=200), nullable=True))
        batch_op.add_column(sa.Column("shipped_elsewhere", sa.Integer(), server_default="0", nullable=False))

    with op.batch_alter_table("sales_orders", schema=None) as batch_op:
        batch_op.add_column(sa.Column("printed_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.create_index(
            "ix_sales_orders_status_ended_at",
            ["status", "ended_at"],
            unique=False,
            sqlite_where=sa.text("ended_at IS NOT NULL"),
            postgresql_where=sa.text("ended_at IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_sales_orders_ready_created_at",
            ["status", "created_at"],
            unique=False,
            sqlite_where=sa.text("status = 'ready-to-pick' AND is_cancellation_requested = 0"),
            postgresql_where=sa.text("status = 'ready-to-pick' AND NOT is_cancellation_requested"),
        )

    with op.batch_alter_table("shops", schema=None) as batch_op:
        batch_op.add_column(sa.Column("sync_minutes", sa.Integer(), server_default="1", nullable=False))
        batch_op.add_column(sa.Column("next_sync_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("synced_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("synced_until", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("accepts_requests", sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.add_column(sa.Column("collected_at", sa.Time(), server_default=sa.text("'17:30:00'"), nullable=False))
        batch_op.add_column(sa.Column("trouble", sa.String(length=20), nullable=True))
        batch_op.add_column(sa.Column("trouble_since", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("trouble_said", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("unanswered_since", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("access_lost_because", sa.String(length=20), nullable=True))
        batch_op.create_index(batch_op.f("ix_shops_next_sync_at"), ["next_sync_at"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("shops", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_shops_next_sync_at"))
        batch_op.drop_column("access_lost_because")
        batch_op.drop_column("unanswered_since")
        batch_op.drop_column("trouble_said")
        batch_op.drop_column("trouble_since")
        batch_op.drop_column("trouble")
        batch_op.drop_column("collected_at")
        batch_op.drop_column("accepts_requests")
        batch_op.drop_column("synced_until")
        batch_op.drop_column("synced_at")
        batch_op.drop_column("next_sync_at")
        batch_op.drop_column("sync_minutes")

    with op.batch_alter_table("sales_orders", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_sales_orders_ready_created_at",
            sqlite_where=sa.text("status = 'ready-to-pick' AND is_cancellation_requested = 0"),
            postgresql_where=sa.text("status = 'ready-to-pick' AND NOT is_cancellation_requested"),
        )
        batch_op.drop_index(
            "ix_sales_orders_status_ended_at",
            sqlite_where=sa.text("ended_at IS NOT NULL"),
            postgresql_where=sa.text("ended_at IS NOT NULL"),
        )
        batch_op.drop_column("printed_at")

    with op.batch_alter_table("order_lines", schema=None) as batch_op:
        batch_op.drop_column("shipped_elsewhere")
        batch_op.drop_column("ship_anyway_reason")
        batch_op.drop_column("ship_anyway_at")

    with op.batch_alter_table("marketplace_orders", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_marketplace_orders_placed_at"))

    with op.batch_alter_table("marketplace_items", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_marketplace_items_open", sqlite_where=IS_OPEN_AND_OURS, postgresql_where=IS_OPEN_AND_OURS
        )
        batch_op.drop_column("shipped_elsewhere")
        batch_op.drop_column("cancellation_requested_at")

    with op.batch_alter_table("import_runs", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_import_runs_created_at"))
        batch_op.drop_column("is_catch_up")
        batch_op.drop_column("watermark")

    with op.batch_alter_table("order_checks", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_order_checks_shop_id_finished_at"))
        batch_op.drop_index(batch_op.f("ix_order_checks_finished_at"))

    op.drop_table("order_checks")
    with op.batch_alter_table("activities", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_activities_shop_id_outcome_id"))
        batch_op.drop_index(batch_op.f("ix_activities_shop_id_id"))
        batch_op.drop_index(batch_op.f("ix_activities_outcome_id"))
        batch_op.drop_index(batch_op.f("ix_activities_at"))

    op.drop_table("activities")

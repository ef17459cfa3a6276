"""Stock that explains itself: the stock after each movement, corrections, counts, imports

Revision: 0004, after 0003
"""

import sqlalchemy as sa
from alembic import op

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "stock_counts",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("started_by_id", BIG_ID, nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_by_id", BIG_ID, nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["ended_by_id"], ["users.id"], name=op.f("fk_stock_counts_ended_by_id_users")),
        sa.ForeignKeyConstraint(["started_by_id"], ["users.id"], name=op.f("fk_stock_counts_started_by_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_counts")),
    )
    with op.batch_alter_table("stock_counts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_stock_counts_status_id"), ["status", "id"], unique=False)

    op.create_table(
        "stock_count_lines",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("stock_count_id", BIG_ID, nullable=False),
        sa.Column("product_id", BIG_ID, nullable=False),
        sa.Column("counted", sa.Integer(), nullable=False),
        sa.Column("expected", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", BIG_ID, nullable=True),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"], name=op.f("fk_stock_count_lines_product_id_products")),
        sa.ForeignKeyConstraint(
            ["stock_count_id"], ["stock_counts.id"], name=op.f("fk_stock_count_lines_stock_count_id_stock_counts")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_stock_count_lines_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_count_lines")),
    )
    with op.batch_alter_table("stock_count_lines", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_stock_count_lines_stock_count_id_product_id"), ["stock_count_id", "product_id"], unique=True
        )
        batch_op.create_index(
            batch_op.f("ix_stock_count_lines_stock_count_id_at"), ["stock_count_id", "at"], unique=False
        )

    op.create_table(
        "stock_imports",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("created_by_id", BIG_ID, nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("claim", sa.Integer(), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("count_same", sa.Integer(), nullable=False),
        sa.Column("count_done", sa.Integer(), nullable=False),
        sa.Column("count_refused", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["created_by_id"], ["users.id"], name=op.f("fk_stock_imports_created_by_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_imports")),
    )
    with op.batch_alter_table("stock_imports", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_stock_imports_status_id"), ["status", "id"], unique=False)

    op.create_table(
        "stock_import_rows",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("stock_import_id", BIG_ID, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("line_number", sa.Integer(), nullable=False),
        sa.Column("product_text", sa.String(length=100), nullable=False),
        sa.Column("asked_text", sa.String(length=30), nullable=False),
        sa.Column("product_id", BIG_ID, nullable=True),
        sa.Column("seen", sa.Integer(), nullable=True),
        sa.Column("difference", sa.Integer(), nullable=True),
        sa.Column("on_hand_after", sa.Integer(), nullable=True),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"], name=op.f("fk_stock_import_rows_product_id_products")),
        sa.ForeignKeyConstraint(
            ["stock_import_id"], ["stock_imports.id"], name=op.f("fk_stock_import_rows_stock_import_id_stock_imports")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_import_rows")),
    )
    with op.batch_alter_table("stock_import_rows", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_stock_import_rows_stock_import_id_outcome_position"),
            ["stock_import_id", "outcome", "position"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_stock_import_rows_stock_import_id_position"), ["stock_import_id", "position"], unique=False
        )

    with op.batch_alter_table("stock_movements", schema=None) as batch_op:
        batch_op.add_column(sa.Column("on_hand_after", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("stock_count_id", BIG_ID, nullable=True))
        batch_op.add_column(sa.Column("stock_import_id", BIG_ID, nullable=True))
        batch_op.add_column(sa.Column("note", sa.String(length=200), nullable=True))
        batch_op.add_column(sa.Column("token", sa.String(length=40), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_stock_movements_stock_count_id_stock_counts"), "stock_counts", ["stock_count_id"], ["id"]
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_stock_movements_stock_import_id_stock_imports"), "stock_imports", ["stock_import_id"], ["id"]
        )
        batch_op.create_unique_constraint(batch_op.f("uq_stock_movements_token"), ["token"])
        batch_op.drop_index(batch_op.f("ix_stock_movements_product_id"))
        batch_op.create_index(batch_op.f("ix_stock_movements_product_id_id"), ["product_id", "id"], unique=False)
    op.execute(
        "UPDATE stock_movements SET on_hand_after = summed.after FROM ("
        "SELECT id, SUM(quantity) OVER (PARTITION BY product_id ORDER BY id) AS after FROM stock_movements"
        ") AS summed WHERE summed.id = stock_movements.id"
    )
    with op.batch_alter_table("stock_movements", schema=None) as batch_op:
        batch_op.alter_column("on_hand_after", existing_type=sa.Integer(), server_default=None)

    with op.batch_alter_table("products", schema=None) as batch_op:
        batch_op.add_column(sa.Column("is_unsettled", sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.create_index(
            "ix_products_unsettled",
            ["id"],
            unique=False,
            sqlite_where=sa.text("is_unsettled = 1"),
            postgresql_where=sa.text("is_unsettled"),
        )
    # What more was promised than is there goes back on hold, and what waits is looked at once more.
    op.execute(
        "UPDATE products SET is_unsettled = true WHERE reserved > on_hand OR id IN ("
        "SELECT order_lines.product_id FROM order_lines "
        "JOIN sales_orders ON sales_orders.id = order_lines.sales_order_id "
        "WHERE sales_orders.status = 'on-hold' AND order_lines.product_id IS NOT NULL)"
    )


def downgrade() -> None:
    with op.batch_alter_table("products", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_products_unsettled",
            sqlite_where=sa.text("is_unsettled = 1"),
            postgresql_where=sa.text("is_unsettled"),
        )
        batch_op.drop_column("is_unsettled")

    with op.batch_alter_table("stock_movements", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_stock_movements_product_id_id"))
        batch_op.create_index(batch_op.f("ix_stock_movements_product_id"), ["product_id"], unique=False)
        batch_op.drop_constraint(batch_op.f("uq_stock_movements_token"), type_="unique")
        batch_op.drop_constraint(batch_op.f("fk_stock_movements_stock_import_id_stock_imports"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("fk_stock_movements_stock_count_id_stock_counts"), type_="foreignkey")
        for column in ("token", "note", "stock_import_id", "stock_count_id", "on_hand_after"):
            batch_op.drop_column(column)

    for table in ("stock_import_rows", "stock_imports", "stock_count_lines", "stock_counts"):
        op.drop_table(table)

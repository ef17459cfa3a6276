"""Shops, products, offers, orders, imports and users

Revision: 0001, after nothing
"""

import sqlalchemy as sa
from alembic import op

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MONEY = sa.Numeric(14, 4).with_variant(sa.String(20), "sqlite")
WORD = sa.String(60).with_variant(sa.String(60, collation="C"), "postgresql")

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "failed_sign_ins",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("counted_for", sa.String(length=300), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_failed_sign_ins")),
    )
    with op.batch_alter_table("failed_sign_ins", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_failed_sign_ins_counted_for_at"), ["counted_for", "at"], unique=False)

    op.create_table(
        "products",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("sku", sa.String(length=100), nullable=False),
        sa.Column("ean", sa.String(length=50), nullable=True),
        sa.Column("ean_normalised", sa.String(length=50), nullable=True),
        sa.Column("title", sa.String(length=500), nullable=True),
        sa.Column("image_url", sa.Text(), nullable=True),
        sa.Column("on_hand", sa.Integer(), nullable=False),
        sa.Column("reserved", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("content_checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_products")),
        sa.UniqueConstraint("sku", name=op.f("uq_products_sku")),
    )
    with op.batch_alter_table("products", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_products_content_checked_at"), ["content_checked_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_products_ean_normalised"), ["ean_normalised"], unique=False)

    op.create_table(
        "users",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("session_epoch", sa.Integer(), nullable=False),
        sa.Column("is_enabled", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("email", name=op.f("uq_users_email")),
    )
    op.create_table(
        "product_words",
        sa.Column("word", WORD, nullable=False),
        sa.Column("product_id", BIG_ID, nullable=False),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"], name=op.f("fk_product_words_product_id_products")),
        sa.PrimaryKeyConstraint("word", "product_id", name=op.f("pk_product_words")),
    )
    with op.batch_alter_table("product_words", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_product_words_product_id"), ["product_id"], unique=False)

    op.create_table(
        "shops",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("type", sa.String(length=30), nullable=False),
        sa.Column("platform", sa.String(length=30), nullable=False),
        sa.Column("api_key", sa.String(length=200), nullable=False),
        sa.Column("api_secret_encrypted", sa.LargeBinary(), nullable=False),
        sa.Column("account_id", sa.String(length=50), nullable=False),
        sa.Column("account_name", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", BIG_ID, nullable=True),
        sa.Column("keys_checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("access_lost_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("access_lost_why", sa.Text(), nullable=True),
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["created_by_id"], ["users.id"], name=op.f("fk_shops_created_by_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shops")),
        sa.UniqueConstraint("account_id", name=op.f("uq_shops_account_id")),
    )
    op.create_table(
        "import_runs",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("shop_id", BIG_ID, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("active_key", sa.String(length=60), nullable=True),
        sa.Column("started_by_id", BIG_ID, nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stop_requested_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("phase", sa.String(length=20), nullable=False),
        sa.Column("cursor", sa.Text(), nullable=True),
        sa.Column("phase_started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("phase_started_done", sa.Integer(), nullable=False),
        sa.Column("waiting_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=True),
        sa.Column("count_new", sa.Integer(), nullable=False),
        sa.Column("count_matched", sa.Integer(), nullable=False),
        sa.Column("count_unchanged", sa.Integer(), nullable=False),
        sa.Column("count_skipped", sa.Integer(), nullable=False),
        sa.Column("count_problems", sa.Integer(), nullable=False),
        sa.Column("faults", sa.Integer(), nullable=False),
        sa.Column("trouble", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_import_runs_shop_id_shops")),
        sa.ForeignKeyConstraint(["started_by_id"], ["users.id"], name=op.f("fk_import_runs_started_by_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_runs")),
        sa.UniqueConstraint("active_key", name=op.f("uq_import_runs_active_key")),
    )
    with op.batch_alter_table("import_runs", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_import_runs_shop_id_kind_id"), ["shop_id", "kind", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_import_runs_status"), ["status"], unique=False)

    op.create_table(
        "marketplace_orders",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("shop_id", BIG_ID, nullable=False),
        sa.Column("external_id", sa.String(length=50), nullable=False),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ship_to", sa.JSON(), nullable=True),
        sa.Column("invoice_to", sa.JSON(), nullable=True),
        sa.Column("client_name", sa.String(length=300), nullable=True),
        sa.Column("client_city", sa.String(length=200), nullable=True),
        sa.Column("pickup_point", sa.String(length=200), nullable=True),
        sa.Column("came_in_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_marketplace_orders_shop_id_shops")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_marketplace_orders")),
        sa.UniqueConstraint("shop_id", "external_id", name=op.f("uq_marketplace_orders_shop_id_external_id")),
    )
    with op.batch_alter_table("marketplace_orders", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_marketplace_orders_external_id"), ["external_id"], unique=False)

    op.create_table(
        "import_items",
        sa.Column("run_id", BIG_ID, nullable=False),
        sa.Column("external_id", sa.String(length=50), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("is_waiting", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["import_runs.id"], name=op.f("fk_import_items_run_id_import_runs")),
        sa.PrimaryKeyConstraint("run_id", "external_id", name=op.f("pk_import_items")),
    )
    with op.batch_alter_table("import_items", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_import_items_run_id_is_waiting_position"),
            ["run_id", "is_waiting", "position"],
            unique=False,
        )

    op.create_table(
        "marketplace_items",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("order_id", BIG_ID, nullable=False),
        sa.Column("shop_id", BIG_ID, nullable=False),
        sa.Column("external_id", sa.String(length=50), nullable=False),
        sa.Column("offer_external_id", sa.String(length=50), nullable=True),
        sa.Column("reference", sa.String(length=100), nullable=True),
        sa.Column("ean", sa.String(length=50), nullable=True),
        sa.Column("title", sa.String(length=500), nullable=True),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("quantity_shipped", sa.Integer(), nullable=False),
        sa.Column("quantity_cancelled", sa.Integer(), nullable=False),
        sa.Column("is_cancellation_requested", sa.Boolean(), nullable=False),
        sa.Column("fulfilment_method", sa.String(length=10), nullable=False),
        sa.Column("needs_marketplace_label", sa.Boolean(), nullable=False),
        sa.Column("deliver_by", sa.Date(), nullable=True),
        sa.Column("is_delivery_day_exact", sa.Boolean(), nullable=False),
        sa.Column("time_frame", sa.String(length=30), nullable=True),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("unit_price", MONEY, nullable=True),
        sa.Column("total_price", MONEY, nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["order_id"],
            ["marketplace_orders.id"],
            name=op.f("fk_marketplace_items_order_id_marketplace_orders"),
        ),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_marketplace_items_shop_id_shops")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_marketplace_items")),
        sa.UniqueConstraint("shop_id", "external_id", name=op.f("uq_marketplace_items_shop_id_external_id")),
    )
    with op.batch_alter_table("marketplace_items", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_marketplace_items_order_id"), ["order_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_marketplace_items_shop_id_offer_external_id"),
            ["shop_id", "offer_external_id"],
            unique=False,
        )

    op.create_table(
        "offers",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("shop_id", BIG_ID, nullable=False),
        sa.Column("external_id", sa.String(length=50), nullable=False),
        sa.Column("reference", sa.String(length=100), nullable=True),
        sa.Column("ean", sa.String(length=50), nullable=True),
        sa.Column("ean_normalised", sa.String(length=50), nullable=True),
        sa.Column("title", sa.String(length=500), nullable=True),
        sa.Column("price", MONEY, nullable=True),
        sa.Column("fulfilment_method", sa.String(length=10), nullable=False),
        sa.Column("stock", sa.Integer(), nullable=True),
        sa.Column("is_on_hold", sa.Boolean(), nullable=False),
        sa.Column("condition", sa.String(length=30), nullable=False),
        sa.Column("modified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_in_run_id", BIG_ID, nullable=True),
        sa.Column("product_id", BIG_ID, nullable=True),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"], name=op.f("fk_offers_product_id_products")),
        sa.ForeignKeyConstraint(
            ["seen_in_run_id"], ["import_runs.id"], name=op.f("fk_offers_seen_in_run_id_import_runs")
        ),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_offers_shop_id_shops")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_offers")),
        sa.UniqueConstraint("shop_id", "external_id", name=op.f("uq_offers_shop_id_external_id")),
    )
    with op.batch_alter_table("offers", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_offers_product_id"), ["product_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_offers_seen_in_run_id"), ["seen_in_run_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_offers_shop_id_ean_normalised"), ["shop_id", "ean_normalised"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_offers_shop_id_reference"), ["shop_id", "reference"], unique=False)

    op.create_table(
        "sales_orders",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("marketplace_order_id", BIG_ID, nullable=False),
        sa.Column("shop_id", BIG_ID, nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("deliver_by", sa.Date(), nullable=True),
        sa.Column("sort_day", sa.Date(), nullable=False),
        sa.Column("is_cancellation_requested", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["marketplace_order_id"],
            ["marketplace_orders.id"],
            name=op.f("fk_sales_orders_marketplace_order_id_marketplace_orders"),
        ),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_sales_orders_shop_id_shops")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sales_orders")),
        sa.UniqueConstraint("number", name=op.f("uq_sales_orders_number")),
    )
    with op.batch_alter_table("sales_orders", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_sales_orders_marketplace_order_id"), ["marketplace_order_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_sales_orders_shop_id_status_sort_day_id"),
            ["shop_id", "status", "sort_day", "id"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_sales_orders_status_sort_day_id"), ["status", "sort_day", "id"], unique=False
        )

    op.create_table(
        "stock_movements",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("product_id", BIG_ID, nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=30), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", BIG_ID, nullable=True),
        sa.Column("import_run_id", BIG_ID, nullable=True),
        sa.ForeignKeyConstraint(
            ["import_run_id"], ["import_runs.id"], name=op.f("fk_stock_movements_import_run_id_import_runs")
        ),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"], name=op.f("fk_stock_movements_product_id_products")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_stock_movements_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_movements")),
    )
    with op.batch_alter_table("stock_movements", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_stock_movements_product_id"), ["product_id"], unique=False)

    op.create_table(
        "history_entries",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("who", sa.String(length=20), nullable=False),
        sa.Column("user_id", BIG_ID, nullable=True),
        sa.Column("sales_order_id", BIG_ID, nullable=True),
        sa.Column("shop_id", BIG_ID, nullable=True),
        sa.Column("event", sa.String(length=40), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["sales_order_id"],
            ["sales_orders.id"],
            name=op.f("fk_history_entries_sales_order_id_sales_orders"),
        ),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_history_entries_shop_id_shops")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_history_entries_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_history_entries")),
    )
    with op.batch_alter_table("history_entries", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_history_entries_sales_order_id_id"), ["sales_order_id", "id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_history_entries_shop_id_id"), ["shop_id", "id"], unique=False)

    op.create_table(
        "order_lines",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("sales_order_id", BIG_ID, nullable=False),
        sa.Column("marketplace_item_id", BIG_ID, nullable=False),
        sa.Column("product_id", BIG_ID, nullable=True),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["marketplace_item_id"],
            ["marketplace_items.id"],
            name=op.f("fk_order_lines_marketplace_item_id_marketplace_items"),
        ),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"], name=op.f("fk_order_lines_product_id_products")),
        sa.ForeignKeyConstraint(
            ["sales_order_id"], ["sales_orders.id"], name=op.f("fk_order_lines_sales_order_id_sales_orders")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_lines")),
    )
    with op.batch_alter_table("order_lines", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_order_lines_marketplace_item_id"), ["marketplace_item_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_order_lines_product_id"), ["product_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_order_lines_sales_order_id"), ["sales_order_id"], unique=False)

    op.create_table(
        "order_words",
        sa.Column("word", WORD, nullable=False),
        sa.Column("sales_order_id", BIG_ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["sales_order_id"], ["sales_orders.id"], name=op.f("fk_order_words_sales_order_id_sales_orders")
        ),
        sa.PrimaryKeyConstraint("word", "sales_order_id", name=op.f("pk_order_words")),
    )
    with op.batch_alter_table("order_words", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_order_words_sales_order_id"), ["sales_order_id"], unique=False)

    op.create_table(
        "import_problems",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("run_id", BIG_ID, nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=120), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("offer_id", BIG_ID, nullable=True),
        sa.Column("order_line_id", BIG_ID, nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("solved_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["offer_id"], ["offers.id"], name=op.f("fk_import_problems_offer_id_offers")),
        sa.ForeignKeyConstraint(
            ["order_line_id"], ["order_lines.id"], name=op.f("fk_import_problems_order_line_id_order_lines")
        ),
        sa.ForeignKeyConstraint(["run_id"], ["import_runs.id"], name=op.f("fk_import_problems_run_id_import_runs")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_problems")),
    )
    with op.batch_alter_table("import_problems", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_import_problems_run_id_id"), ["run_id", "id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("import_problems", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_import_problems_run_id_id"))

    op.drop_table("import_problems")
    with op.batch_alter_table("order_words", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_order_words_sales_order_id"))

    op.drop_table("order_words")
    with op.batch_alter_table("order_lines", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_order_lines_sales_order_id"))
        batch_op.drop_index(batch_op.f("ix_order_lines_product_id"))
        batch_op.drop_index(batch_op.f("ix_order_lines_marketplace_item_id"))

    op.drop_table("order_lines")
    with op.batch_alter_table("history_entries", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_history_entries_shop_id_id"))
        batch_op.drop_index(batch_op.f("ix_history_entries_sales_order_id_id"))

    op.drop_table("history_entries")
    with op.batch_alter_table("stock_movements", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_stock_movements_product_id"))

    op.drop_table("stock_movements")
    with op.batch_alter_table("sales_orders", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sales_orders_status_sort_day_id"))
        batch_op.drop_index(batch_op.f("ix_sales_orders_shop_id_status_sort_day_id"))
        batch_op.drop_index(batch_op.f("ix_sales_orders_marketplace_order_id"))

    op.drop_table("sales_orders")
    with op.batch_alter_table("offers", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_offers_shop_id_reference"))
        batch_op.drop_index(batch_op.f("ix_offers_shop_id_ean_normalised"))
        batch_op.drop_index(batch_op.f("ix_offers_seen_in_run_id"))
        batch_op.drop_index(batch_op.f("ix_offers_product_id"))

    op.drop_table("offers")
    with op.batch_alter_table("marketplace_items", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_marketplace_items_shop_id_offer_external_id"))
        batch_op.drop_index(batch_op.f("ix_marketplace_items_order_id"))

    op.drop_table("marketplace_items")
    with op.batch_alter_table("import_items", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_import_items_run_id_is_waiting_position"))

    op.drop_table("import_items")
    with op.batch_alter_table("marketplace_orders", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_marketplace_orders_external_id"))

    op.drop_table("marketplace_orders")
    with op.batch_alter_table("import_runs", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_import_runs_status"))
        batch_op.drop_index(batch_op.f("ix_import_runs_shop_id_kind_id"))

    op.drop_table("import_runs")
    op.drop_table("shops")
    with op.batch_alter_table("product_words", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_product_words_product_id"))

    op.drop_table("product_words")
    op.drop_table("users")
    with op.batch_alter_table("products", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_products_ean_normalised"))
        batch_op.drop_index(batch_op.f("ix_products_content_checked_at"))

    op.drop_table("products")
    with op.batch_alter_table("failed_sign_ins", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_failed_sign_ins_counted_for_at"))

    op.drop_table("failed_sign_ins")

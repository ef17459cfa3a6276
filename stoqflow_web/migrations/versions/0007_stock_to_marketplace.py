"""Stock to the marketplace: what each offer is told, comparisons, and what lies in the marketplace's own warehouse

Revision: 0007, after 0006
"""

import sqlalchemy as sa
from alembic import op

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("shops", schema=None) as batch_op:
        batch_op.add_column(sa.Column("tells_stock", sa.Boolean(), server_default=sa.text("false"), nullable=False))
        batch_op.add_column(sa.Column("stock_margin", sa.Integer(), server_default="0", nullable=False))
    with op.batch_alter_table("offers", schema=None) as batch_op:
        batch_op.add_column(sa.Column("is_corrected_there", sa.Boolean(), nullable=True))
        batch_op.add_column(sa.Column("stock_seen_at", sa.DateTime(timezone=True), nullable=True))

    op.create_table(
        "offer_stocks",
        sa.Column("offer_id", BIG_ID, autoincrement=False, nullable=False),
        sa.Column("shop_id", BIG_ID, nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("told", sa.Integer(), nullable=True),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("claim", sa.Integer(), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("refused", sa.Integer(), nullable=True),
        sa.Column("refused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("their_sentence", sa.Text(), nullable=True),
        sa.Column("nights", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["offer_id"], ["offers.id"], name=op.f("fk_offer_stocks_offer_id_offers")),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_offer_stocks_shop_id_shops")),
        sa.PrimaryKeyConstraint("offer_id", name=op.f("pk_offer_stocks")),
    )
    with op.batch_alter_table("offer_stocks", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_offer_stocks_shop_id_due_at"), ["shop_id", "due_at"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_offer_stocks_shop_id_lease_until"), ["shop_id", "lease_until"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_offer_stocks_shop_id_refused_at"), ["shop_id", "refused_at"], unique=False)

    op.create_table(
        "stock_comparisons",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("shop_id", BIG_ID, nullable=False),
        sa.Column("run_id", BIG_ID, nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_nightly", sa.Boolean(), nullable=False),
        sa.Column("compared", sa.Integer(), nullable=False),
        sa.Column("different", sa.Integer(), nullable=False),
        sa.Column("mended", sa.Integer(), nullable=False),
        sa.Column("stayed", sa.Integer(), nullable=False),
        sa.Column("examples", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["import_runs.id"], name=op.f("fk_stock_comparisons_run_id_import_runs")),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_stock_comparisons_shop_id_shops")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_comparisons")),
        sa.UniqueConstraint("run_id", name=op.f("uq_stock_comparisons_run_id")),
    )
    with op.batch_alter_table("stock_comparisons", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_stock_comparisons_finished_at"), ["finished_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_stock_comparisons_shop_id_id"), ["shop_id", "id"], unique=False)

    op.create_table(
        "marketplace_stocks",
        sa.Column("shop_id", BIG_ID, nullable=False),
        sa.Column("ean_normalised", sa.String(length=50), nullable=False),
        sa.Column("regular", sa.Integer(), nullable=False),
        sa.Column("graded", sa.Integer(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_marketplace_stocks_shop_id_shops")),
        sa.PrimaryKeyConstraint("shop_id", "ean_normalised", name=op.f("pk_marketplace_stocks")),
    )
    with op.batch_alter_table("marketplace_stocks", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_marketplace_stocks_ean_normalised"), ["ean_normalised"], unique=False)


def downgrade() -> None:
    op.drop_table("marketplace_stocks")
    op.drop_table("stock_comparisons")
    op.drop_table("offer_stocks")
    with op.batch_alter_table("offers", schema=None) as batch_op:
        batch_op.drop_column("stock_seen_at")
        batch_op.drop_column("is_corrected_there")
    with op.batch_alter_table("shops", schema=None) as batch_op:
        batch_op.drop_column("stock_margin")
        batch_op.drop_column("tells_stock")

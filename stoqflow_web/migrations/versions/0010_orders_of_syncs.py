"""A sync keeps the first few orders that it changed or brought in, for the page Activity

Revision: 0010, after 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("import_runs", sa.Column("named_orders", sa.JSON(), nullable=True))


def downgrade() -> None:
    op.drop_column("import_runs", "named_orders")

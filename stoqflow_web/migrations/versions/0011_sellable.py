"""What clients can still buy of an offer, beside the number that was told

Revision: 0011, after 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("offers", sa.Column("sellable", sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column("offers", "sellable")

"""Until when the marketplace asked for a rest, so that nobody who presses a button asks it sooner

Revision: 0012, after 0011
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("readings", sa.Column("rest_until", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("readings", "rest_until")

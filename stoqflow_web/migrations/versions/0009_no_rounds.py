"""Pushed messages are handled by one job of a shop that stays: its rounds are not counted any more

Revision: 0009, after 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_column("push_subscriptions", "handled_rounds")


def downgrade() -> None:
    op.add_column(
        "push_subscriptions", sa.Column("handled_rounds", sa.Integer(), server_default=sa.text("0"), nullable=False)
    )

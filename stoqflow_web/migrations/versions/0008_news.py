"""News to people: recipients, what there is to tell, and the messages that tell it

Revision: 0008, after 0007
"""

import sqlalchemy as sa
from alembic import op

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "news_recipients",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("address", sa.String(length=500), nullable=False),
        sa.Column("topics", sa.JSON(), nullable=False),
        sa.Column("summary_at", sa.Time(), server_default=sa.text("'07:00:00'"), nullable=False),
        sa.Column("secret_encrypted", sa.LargeBinary(), nullable=True),
        sa.Column("on_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", BIG_ID, nullable=True),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failing_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("said", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["created_by_id"], ["users.id"], name=op.f("fk_news_recipients_created_by_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_news_recipients")),
        sa.UniqueConstraint("kind", "address", name=op.f("uq_news_recipients_kind_address")),
    )
    op.create_table(
        "news_messages",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("recipient_id", BIG_ID, nullable=False),
        sa.Column("topic", sa.String(length=20), nullable=False),
        sa.Column("key", sa.String(length=60), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claim", sa.Integer(), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("said", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["recipient_id"], ["news_recipients.id"], name=op.f("fk_news_messages_recipient_id_news_recipients")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_news_messages")),
        sa.UniqueConstraint("key", name=op.f("uq_news_messages_key")),
    )
    with op.batch_alter_table("news_messages", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_news_messages_recipient_id_topic_id"), ["recipient_id", "topic", "id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_news_messages_state_not_before"), ["state", "not_before"], unique=False)

    op.create_table(
        "news_items",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("recipient_id", BIG_ID, nullable=False),
        sa.Column("topic", sa.String(length=20), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("subject", sa.String(length=60), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("message_id", BIG_ID, nullable=True),
        sa.ForeignKeyConstraint(
            ["message_id"], ["news_messages.id"], name=op.f("fk_news_items_message_id_news_messages")
        ),
        sa.ForeignKeyConstraint(
            ["recipient_id"], ["news_recipients.id"], name=op.f("fk_news_items_recipient_id_news_recipients")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_news_items")),
        sa.UniqueConstraint("recipient_id", "topic", "key", name=op.f("uq_news_items_recipient_id_topic_key")),
    )
    with op.batch_alter_table("news_items", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_news_items_message_id"), ["message_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_news_items_noted_at"), ["noted_at"], unique=False)


def downgrade() -> None:
    op.drop_table("news_items")
    op.drop_table("news_messages")
    op.drop_table("news_recipients")

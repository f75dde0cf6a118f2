"""WeChat: whom to send a message to, and which call a subscription was spent on."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("account", sa.Column("wechat_sealed", sa.LargeBinary(), nullable=True))
    op.add_column("subscription", sa.Column("used_for", sa.String(length=96), nullable=True))
    op.create_index(
        "uq_subscription_account_id_used_for",
        "subscription",
        ["account_id", "used_for"],
        unique=True,
    )


def downgrade() -> None:
    """Undo."""
    op.drop_index("uq_subscription_account_id_used_for", "subscription")
    with op.batch_alter_table("subscription") as batch:
        batch.drop_column("used_for")
    with op.batch_alter_table("account") as batch:
        batch.drop_column("wechat_sealed")

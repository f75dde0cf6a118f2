"""Who has seen that an account may act for its dependant, and when."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("link", sa.Column("confirmed_at", sa.BigInteger(), nullable=True))
    op.add_column("link", sa.Column("confirmed_by", sa.String(length=64), nullable=True))


def downgrade() -> None:
    """Undo."""
    op.drop_column("link", "confirmed_by")
    op.drop_column("link", "confirmed_at")

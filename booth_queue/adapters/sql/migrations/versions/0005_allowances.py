"""Limits against hoarding are counted, not derived from rows."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "allowance",
        sa.Column("subject", sa.String(length=160), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("spent", sa.Integer(), nullable=False),
        sa.Column("allowed", sa.Integer(), nullable=False),
        sa.CheckConstraint("spent <= allowed", name=op.f("ck_allowance_spent")),
        sa.PrimaryKeyConstraint("subject", name=op.f("pk_allowance")),
    )
    op.drop_index("ix_booking_address_hash_created_at", "booking")
    op.drop_index("ix_one_time_code_address_hash_created_at", "one_time_code")


def downgrade() -> None:
    """Undo."""
    op.create_index(
        "ix_one_time_code_address_hash_created_at", "one_time_code", ["address_hash", "created_at"]
    )
    op.create_index("ix_booking_address_hash_created_at", "booking", ["address_hash", "created_at"])
    op.drop_table("allowance")

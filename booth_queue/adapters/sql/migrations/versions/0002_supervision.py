"""Alarms, orders to booths, booth pictures, and what a booth asks of the person inside."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "alarm",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("site_id", sa.String(length=64), nullable=False),
        sa.Column("booth_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("detail", sa.String(length=600), nullable=False),
        sa.Column("raised_at", sa.BigInteger(), nullable=False),
        sa.Column("session_id", sa.String(length=64), nullable=True),
        sa.Column("acknowledged_at", sa.BigInteger(), nullable=True),
        sa.Column("acknowledged_by", sa.String(length=64), nullable=True),
        sa.Column("note", sa.String(length=500), nullable=True),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name="fk_alarm_site_id"),
        sa.ForeignKeyConstraint(["booth_id"], ["booth.id"], name="fk_alarm_booth_id"),
        sa.PrimaryKeyConstraint("id", name="pk_alarm"),
    )
    op.create_index("ix_alarm_site_id", "alarm", ["site_id"])
    op.create_index("ix_alarm_booth_id_raised_at", "alarm", ["booth_id", "raised_at"])
    op.create_table(
        "booth_order",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("booth_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("given_at", sa.BigInteger(), nullable=False),
        sa.Column("given_by", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("taken_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["booth_id"], ["booth.id"], name="fk_booth_order_booth_id"),
        sa.PrimaryKeyConstraint("id", name="pk_booth_order"),
    )
    op.create_index("ix_booth_order_booth_id_taken_at", "booth_order", ["booth_id", "taken_at"])
    op.create_table(
        "booth_picture",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("jpeg", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["id"], ["booth.id"], name="fk_booth_picture_id"),
        sa.PrimaryKeyConstraint("id", name="pk_booth_picture"),
    )
    op.add_column("live", sa.Column("instruction", sa.String(length=64), nullable=True))


def downgrade() -> None:
    """Undo."""
    with op.batch_alter_table("live") as batch:
        batch.drop_column("instruction")
    op.drop_table("booth_picture")
    op.drop_table("booth_order")
    op.drop_table("alarm")

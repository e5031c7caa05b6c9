"""The index of properties and words; the service fills it when it starts."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "marks",
        sa.Column("chunk", sa.Integer, nullable=False),
        sa.Column("token", sa.String(collation="C").with_variant(sa.String(), "sqlite"), nullable=False),
        sa.Column("bits", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("chunk", "token", name="marks_pkey"),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    """Forget the index, and that it was filled."""
    op.drop_table("marks")
    op.execute("DELETE FROM state WHERE name IN ('marked', 'read_to')")

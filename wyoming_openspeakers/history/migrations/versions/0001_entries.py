"""The entries, and what the database remembers of itself."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "entries",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=False),
        sa.Column("id", sa.String, nullable=False, unique=True),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("created", sa.Float, nullable=False),
        sa.Column("front", sa.String, nullable=False),
        sa.Column("client", sa.String, nullable=False),
        sa.Column("text", sa.Text),
        sa.Column("characters", sa.Integer, nullable=False),
        sa.Column("model", sa.String),
        sa.Column("voice", sa.String),
        sa.Column("profile", sa.String),
        sa.Column("language", sa.String),
        sa.Column("parameters", sa.Text, nullable=False),
        sa.Column("batch", sa.String),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("started", sa.Float),
        sa.Column("completed", sa.Float),
        sa.Column("queued", sa.Float),
        sa.Column("first_audio", sa.Float),
        sa.Column("total", sa.Float),
        sa.Column("seconds", sa.Float),
        sa.Column("error", sa.Text),
        sa.Column("format", sa.String),
        sa.Column("file", sa.String),
        sa.Column("bytes", sa.BigInteger, nullable=False),
    )
    in_batch, has_file = sa.text("batch IS NOT NULL"), sa.text("file IS NOT NULL")
    op.create_index("entries_batch", "entries", ["batch", "seq"], sqlite_where=in_batch, postgresql_where=in_batch)
    op.create_index("entries_file", "entries", ["seq", "bytes"], sqlite_where=has_file, postgresql_where=has_file)
    op.create_table(
        "state", sa.Column("name", sa.String, primary_key=True), sa.Column("value", sa.String, nullable=False)
    )


def downgrade() -> None:
    """Leave nothing."""
    op.drop_table("state")
    op.drop_table("entries")

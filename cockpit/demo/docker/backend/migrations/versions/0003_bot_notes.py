"""A note on each bot. Releases before this one do not see the column, so that they go on beside it."""

from collections.abc import Callable

revision = "0003"
down_revision = "0002"


def upgrade(execute: Callable[[str], None]) -> None:
    """Add the column."""
    execute("ALTER TABLE bots ADD COLUMN note text NOT NULL DEFAULT '' CHECK (length(note) <= 1000)")
    execute("COMMENT ON COLUMN bots.note IS 'personal'")


def downgrade(execute: Callable[[str], None]) -> None:
    """Drop it."""
    execute("ALTER TABLE bots DROP COLUMN note")

"""Who did what."""

from collections.abc import Callable

revision = "0002"
down_revision = "0001"


def upgrade(execute: Callable[[str], None]) -> None:
    """Make the table; the application may only add to it and read it."""
    execute("""
        CREATE TABLE audit_log (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            user_id bigint REFERENCES users (id),
            action text NOT NULL CHECK (action <> ''),
            created_at timestamptz NOT NULL DEFAULT now()
        );
        CREATE INDEX audit_log_user_id ON audit_log (user_id);
        CREATE INDEX audit_log_created_at ON audit_log (created_at);
        GRANT SELECT, INSERT ON audit_log TO trading_bot;
        COMMENT ON COLUMN audit_log.id IS 'internal';
        COMMENT ON COLUMN audit_log.user_id IS 'personal';
        COMMENT ON COLUMN audit_log.action IS 'personal';
        COMMENT ON COLUMN audit_log.created_at IS 'internal';
    """)


def downgrade(execute: Callable[[str], None]) -> None:
    """Drop it."""
    execute("DROP TABLE audit_log")

"""Accounts, bots and trades."""

from collections.abc import Callable

revision = "0001"
down_revision = None

CLASSES = {
    "users.id": "internal", "users.email": "personal", "users.password_hash": "secret", "users.created_at": "personal",
    "bots.id": "internal", "bots.user_id": "internal", "bots.name": "personal", "bots.symbol": "confidential",
    "bots.created_at": "internal",
    "trades.id": "internal", "trades.bot_id": "internal", "trades.symbol": "confidential",
    "trades.side": "confidential", "trades.amount": "confidential", "trades.price": "confidential",
    "trades.state": "internal", "trades.created_at": "internal",
}  # fmt: skip
"""How each column's data is classified: public, internal, confidential, personal or secret."""


def upgrade(execute: Callable[[str], None]) -> None:
    """Make the tables, their keys and rules, and what the application may do with them."""
    execute("""
        CREATE TABLE users (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            email text NOT NULL UNIQUE CHECK (email = lower(email)),
            password_hash text NOT NULL,
            created_at timestamptz NOT NULL DEFAULT now()
        );
        CREATE TABLE bots (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            user_id bigint NOT NULL REFERENCES users (id),
            name text NOT NULL CHECK (length(name) BETWEEN 1 AND 80),
            symbol text NOT NULL,
            created_at timestamptz NOT NULL DEFAULT now()
        );
        CREATE INDEX bots_user_id ON bots (user_id);
        CREATE TABLE trades (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            bot_id bigint NOT NULL REFERENCES bots (id),
            symbol text NOT NULL,
            side text NOT NULL CHECK (side IN ('buy', 'sell')),
            amount numeric NOT NULL CHECK (amount > 0),
            price numeric CHECK (price > 0),
            state text NOT NULL DEFAULT 'ordered' CHECK (state IN ('ordered', 'filled', 'refused')),
            created_at timestamptz NOT NULL DEFAULT now()
        );
        CREATE INDEX trades_bot_id ON trades (bot_id);
        CREATE INDEX trades_created_at ON trades (created_at);
        GRANT SELECT, INSERT ON users, bots TO trading_bot;
        GRANT UPDATE (password_hash) ON users TO trading_bot;
        GRANT SELECT, INSERT, UPDATE ON trades TO trading_bot;
    """)
    for column, kind in CLASSES.items():
        execute(f"COMMENT ON COLUMN {column} IS '{kind}'")


def downgrade(execute: Callable[[str], None]) -> None:
    """Drop them."""
    execute("DROP TABLE trades, bots, users")

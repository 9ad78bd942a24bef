"""The schema, on one screen. Everything but `approval` and `totp` can be rebuilt from the ledger."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData()

# Times are Unix seconds. `sealed` is the exact request, encrypted, and only while it is pending.
approval = Table(
    "approval",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("state", String(16), nullable=False, index=True),
    Column("identity", String(1024), nullable=False, index=True),
    Column("binding", String(64), nullable=False),
    Column("shown", Text, nullable=False),  # JSON: what may be listed (masked)
    Column("sealed", LargeBinary),
    Column("peers", Integer, nullable=False),
    Column("code_wanted", Integer, nullable=False),
    Column("code_given", Integer, nullable=False, default=0),
    Column("created", BigInteger, nullable=False),
    Column("expires", BigInteger, nullable=False),
    Column("decided", BigInteger),
    Column("reason", Text, nullable=False, default=""),
)

vote = Table(
    "vote",
    metadata,
    Column("approval", String(32), nullable=False),
    Column("person", String(255), nullable=False),
    Column("identity", String(1024), nullable=False),
    Column("name", String(255), nullable=False),
    Column("at", BigInteger, nullable=False),
    UniqueConstraint("approval", "person"),
)

totp = Table(
    "totp",
    metadata,
    Column("identity", String(1024), primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("last_step", BigInteger, nullable=False, default=0),
    Column("failures", Integer, nullable=False, default=0),
    Column("failed_at", BigInteger, nullable=False, default=0),
)

revoked = Table("revoked", metadata, Column("serial", String(20), primary_key=True), Column("at", BigInteger))

session = Table(
    "session",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("identity", String(1024), nullable=False, index=True),
    Column("target", String(512), nullable=False, index=True),
    Column("started", BigInteger, nullable=False, index=True),
    Column("ended", BigInteger),
    Column("status", Integer),
    Column("recording", String(255)),
)

"""The site's tables. Runs stay files; here are people, jobs, votes, and an index of the runs.

Times are whole milliseconds since 1970, UTC, so that SQLite and PostgreSQL compare them alike. Documents are JSON.
Changes to this file go with a migration (`tools/migration.py`); migrations are only ever added.
"""

import time

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    true,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Id = BigInteger().with_variant(Integer, "sqlite")
"""Of rows that are numbered as they come: SQLite numbers an INTEGER alone."""


def now() -> int:
    """This moment, as the tables hold it: milliseconds since 1970."""
    return time.time_ns() // 1_000_000


users = Table(
    "users",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", String(64), nullable=False, unique=True),  # as written; `folded` decides who it is
    Column("folded", String(64), nullable=False, unique=True),
    Column("email", String(254)),
    Column("password", String(256)),  # argon2; NULL: signs in elsewhere
    Column("subject", String(512), unique=True),  # ISSUER SUBJECT of OpenID Connect
    Column("role", String(16), nullable=False),  # admin, evaluator, viewer
    Column("disabled", Boolean, nullable=False, server_default=false()),
    Column("created", BigInteger, nullable=False),
)

organisations = Table(
    "organisations",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", String(64), nullable=False, unique=True),
    Column("folded", String(64), nullable=False, unique=True),
    Column("created", BigInteger, nullable=False),
)

members = Table(
    "members",
    metadata,
    Column("organisation", ForeignKey("organisations.id", ondelete="CASCADE"), primary_key=True),
    Column("user", ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, index=True),
    Column("role", String(16), nullable=False),  # owner, member; invited: may see nothing yet
)

sessions = Table(
    "sessions",
    metadata,
    Column("hash", String(64), primary_key=True),  # sha256 of the cookie
    Column("user", ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("created", BigInteger, nullable=False),
    Column("seen", BigInteger, nullable=False),
    Column("expires", BigInteger, nullable=False, index=True),
    Column("address", String(64), nullable=False),
)

tokens = Table(
    "tokens",
    metadata,
    Column("id", Id, primary_key=True),
    Column("user", ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("name", String(64), nullable=False),
    Column("hash", String(64), nullable=False, unique=True),  # sha256 of the token
    Column("scopes", JSON, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("expires", BigInteger),  # NULL: never
    Column("used", BigInteger),
    Column("revoked", BigInteger),
)

model_keys = Table(
    "model_keys",
    metadata,
    Column("id", Id, primary_key=True),
    Column("user", ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("name", String(64), nullable=False),
    Column("provider", String(32), nullable=False),
    Column("origin", String(300), nullable=False),  # https://host:port; the key is sent nowhere else
    Column("cipher", LargeBinary, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("used", BigInteger),
    UniqueConstraint("user", "name"),
)

jobs = Table(
    "jobs",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("user", ForeignKey("users.id"), nullable=False, index=True),
    Column("organisation", ForeignKey("organisations.id")),
    Column("kind", String(16), nullable=False),  # evaluation, verification
    Column("title", String(200), nullable=False),
    Column("order", JSON, nullable=False),  # what is asked: a RunSpec, limits, keys by number; no secret
    Column("priority", Integer, nullable=False, server_default="0"),  # higher first
    Column("state", String(16), nullable=False),  # as `jobs.STATES`
    Column("wanted", String(16), nullable=False, server_default=""),  # pause or cancel, while it runs
    Column(
        "fence", Integer, nullable=False, server_default="0"
    ),  # grows with every claim: an old worker writes nothing
    Column("worker", String(100)),
    Column("lease_until", BigInteger),
    Column("attempts", Integer, nullable=False, server_default="0"),  # claims in which nothing was answered
    Column("not_before", BigInteger, nullable=False, server_default="0"),
    Column("run", String(80), unique=True),
    Column("progress", JSON, nullable=False),
    Column("error", Text),
    Column("estimate", JSON, nullable=False),
    Column("webhook", String(2000)),
    Column("webhook_secret", LargeBinary),
    Column("created", BigInteger, nullable=False),
    Column("started", BigInteger),
    Column("ended", BigInteger),
    Index("ix_jobs_next", "state", "priority", "created"),
)

job_log = Table(
    "job_log",
    metadata,
    Column("id", Id, primary_key=True),
    Column("job", ForeignKey("jobs.id", ondelete="CASCADE"), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("line", Text, nullable=False),
    Index("ix_job_log_job", "job", "id"),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Id, primary_key=True),
    Column("job", ForeignKey("jobs.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("event", String(32), nullable=False),
    Column("body", Text, nullable=False),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("next_try", BigInteger),  # NULL: delivered, or given up
    Column("status", String(200), nullable=False, server_default=""),
    Column("lease_until", BigInteger),
    Index("ix_deliveries_due", "next_try"),
)

runs = Table(
    "runs",
    metadata,
    Column("id", String(80), primary_key=True),  # the folder's name
    Column("owner", ForeignKey("users.id"), index=True),  # NULL: made on the machine, the operator's
    Column("organisation", ForeignKey("organisations.id"), index=True),
    Column("visibility", String(16), nullable=False),  # private, organisation, public
    Column("origin", String(16), nullable=False),  # folder, job, push, verification
    Column("created", String(40), nullable=False, index=True),  # as run.json says
    Column("status", String(16), nullable=False),  # running, complete, partial, stopped, damaged
    Column("title", String(200), nullable=False, server_default=""),
    Column("samples", BigInteger, nullable=False, server_default="0"),
    Column("seen", String(80), nullable=False, server_default=""),  # state of the folder when it was read
    Column("published", BigInteger),
    Column("published_by", ForeignKey("users.id")),
    Column("provenance", JSON, nullable=False),
)

cells = Table(
    "cells",
    metadata,
    Column("run", ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    Column("benchmark", String(200), primary_key=True),
    Column("model", String(300), primary_key=True),
    Column("version", String(80), nullable=False),
    Column("protocol", String(80), nullable=False),
    Column("metric", String(80), nullable=False),
    Column("value", Float),
    Column("low", Float),
    Column("high", Float),
    Column("n", Integer, nullable=False),
    Column("outcomes", JSON, nullable=False),
    Column("tokens_in", BigInteger, nullable=False, server_default="0"),
    Column("tokens_out", BigInteger, nullable=False, server_default="0"),
    Column("cost_usd", Float),
    Column("in_percent", Boolean, nullable=False, server_default=true()),
    Column("less_is_better", Boolean, nullable=False, server_default=false()),
    Index("ix_cells_benchmark", "benchmark"),
    Index("ix_cells_model", "model"),
)

verifications = Table(
    "verifications",
    metadata,
    Column("id", Id, primary_key=True),
    Column("run", ForeignKey("runs.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("job", ForeignKey("jobs.id"), unique=True),
    Column("share", Float, nullable=False),
    Column("asked_by", ForeignKey("users.id"), nullable=False),
    Column("verdict", String(16), nullable=False, server_default="waiting"),
    Column("found", JSON, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("ended", BigInteger),
)

benchmarks = Table(
    "benchmarks",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", String(80), nullable=False, unique=True),
    Column("owner", ForeignKey("users.id"), nullable=False, index=True),
    Column("organisation", ForeignKey("organisations.id")),
    Column("visibility", String(16), nullable=False),
    Column("file", String(200), nullable=False),  # below the site's folder
    Column("sha256", String(64), nullable=False),
    Column("card", JSON, nullable=False),
    Column("created", BigInteger, nullable=False),
)

pushes = Table(
    "pushes",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("user", ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("run", String(80), nullable=False),
    Column("files", JSON, nullable=False),  # name -> {size, sha256, received}
    Column("state", String(16), nullable=False),  # open, done
    Column("created", BigInteger, nullable=False),
    Column("touched", BigInteger, nullable=False),
)

battles = Table(
    "battles",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("voter", String(80), nullable=False, index=True),  # user:N, or visitor:HASH
    Column("benchmark", String(200), nullable=False),
    Column("sample", String(300), nullable=False),
    Column("left_run", String(80), nullable=False),
    Column("left_model", String(300), nullable=False),
    Column("right_run", String(80), nullable=False),
    Column("right_model", String(300), nullable=False),
    Column(
        "held_out", String(8), nullable=False, server_default=""
    ),  # left or right, where it is known which is better
    Column("shown", JSON, nullable=False),  # question and the two answers, as they were shown
    Column("created", BigInteger, nullable=False),
    Column("voted", BigInteger),
)

votes = Table(
    "votes",
    metadata,
    Column("id", Id, primary_key=True),
    Column("battle", ForeignKey("battles.id"), nullable=False, unique=True),
    Column("voter", String(80), nullable=False, index=True),
    Column("model_a", String(300), nullable=False),
    Column("model_b", String(300), nullable=False),
    Column("winner", String(16), nullable=False),  # model_a, model_b, tie, both_bad
    Column("counted", Boolean, nullable=False),
    Column("why_not", String(200), nullable=False, server_default=""),
    Column("created", BigInteger, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("id", Id, primary_key=True),
    Column("at", BigInteger, nullable=False, index=True),
    Column("user", BigInteger),
    Column("name", String(64), nullable=False, server_default=""),
    Column("address", String(64), nullable=False, server_default=""),
    Column("action", String(40), nullable=False, index=True),
    Column("subject", String(300), nullable=False, server_default=""),
    Column("detail", JSON, nullable=False),
)

facts = Table(
    "facts",
    metadata,
    Column("name", String(80), primary_key=True),
    Column("value", JSON, nullable=False),
)
"""What the site must remember of itself, such as which secret its ciphers were made with."""

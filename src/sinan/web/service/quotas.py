"""What a user's jobs may take in a month."""

from datetime import UTC, datetime

from sqlalchemy import Connection

from sinan.web.config import Config
from sinan.web.service import jobs


def month_began() -> int:
    """This month's first moment, in milliseconds, UTC."""
    at = datetime.now(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return int(at.timestamp() * 1000)


def tokens_left(connection: Connection, config: Config, user: int) -> int | None:
    """Of this month's; None where there is no limit."""
    if config.tokens_per_month is None:
        return None
    return max(0, config.tokens_per_month - jobs.tokens_this_month(connection, user, month_began()))

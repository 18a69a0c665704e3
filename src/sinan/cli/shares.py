"""Shares on the command line: 0.03, 3% and 3pp (points of percent) are one number."""

import re
from typing import Any

import click

from sinan.cli.within import Within

_PERCENT = re.compile(r"(.*?)\s*(?:%|pp|pts?|points?|percent)", re.IGNORECASE)


def share(written: str) -> float:
    """`3%`, `3pp` and `3 points` are 0.03; a number alone is itself. Raises ValueError."""
    percent = _PERCENT.fullmatch(written.strip())
    return float(percent[1]) / 100 if percent else float(written)


class Share(Within):
    """A share of one, which may be written in percent."""

    def __init__(self, low: float | None = 0, high: float | None = 1, low_open: bool = False, high_open: bool = False):
        super().__init__(low, high, low_open, high_open)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """As a number. What lies beyond the range is told with the ways to write a share."""
        try:
            number = share(value) if isinstance(value, str) else float(value)
        except ValueError:
            self.fail(f"{value!r} is no share. Remedy: 0.03, 3% or 3pp for three points", param, ctx)
        try:
            return super().convert(number, param, ctx)
        except click.BadParameter:
            percent = f" {number:g} points are {number / 100:g}, {number:g}% or {number:g}pp." if number > 1 else ""
            said = f"{value} is not a share in the range {self._describe_range()}.{percent}"
            raise click.BadParameter(said, ctx, param) from None

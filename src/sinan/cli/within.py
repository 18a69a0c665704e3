"""Numbers that an option takes."""

import math
from typing import Any

import click


class Within(click.FloatRange):
    """A range of finite numbers: click lets `nan` pass, which lies beyond no bound, and `inf` where there is none."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Refuses what is no finite number."""
        number = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value} is not a finite number.", param, ctx)
        return number

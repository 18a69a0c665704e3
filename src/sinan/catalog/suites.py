"""Benchmarks that are run together under one name."""

from sinan.types import Suite

FIRST_LIGHT = Suite(
    "first-light",
    "First light: eight generated benchmarks of five levels each, small enough for a laptop and the bundled models",
    (
        "arithmetic",
        "ordering",
        "strings",
        "chinese_numerals",
        "logic",
        "tables",
        "haystack",
        "following",
    ),
)

SUITES: dict[str, Suite] = {suite.id: suite for suite in (FIRST_LIGHT,)}

"""Tables on a terminal of 80 columns: what has no room is left out whole, and no number is cut."""

import contextlib
import io
import re

import pytest

from sinan.cli.main import _code

MODELS = ("-m", "needle/xs", "-m", "needle/s", "-m", "needle/m")


class Terminal(io.StringIO):
    """What is written to a terminal."""

    def isatty(self):
        return True


def shown(width, *arguments):
    """What a terminal of so many columns shows."""
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(Terminal()) as out:
        for name, value in {"COLUMNS": str(width), "TERM": "xterm", "NO_COLOR": "1"}.items():
            patch.setenv(name, value)
        assert _code([*map(str, arguments)]) == 0
    text = re.sub(r"\x1b\[[0-9;]*m", "", out.getvalue())
    assert "…" not in text and max(map(len, text.splitlines())) <= width
    return text


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A folder with a run of three models on four benchmarks, and one with variants."""
    folder = tmp_path_factory.mktemp("narrow")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SINAN_CACHE", str(folder / "cache"))
        how = ("--runs", folder, "--quiet")
        plain = ("arithmetic", "ordering", "chinese_numerals", "strings", *MODELS, "-n", 6, *how)
        varied = ("logic", *MODELS[2:], "-n", 6, "--protocol", "generate", "--vary", "prompt", *how, "--name", "varied")
        for words in (plain, varied):
            assert _code(["run", *map(str, words)]) == 0
    return folder


def run_of(runs, name):
    return next(path.name for path in runs.iterdir() if path.name.endswith(name))


def test_comparisons_lose_columns_and_keep_differences_and_verdicts(runs):
    name = run_of(runs, "arithmetic")
    narrow, wide = (shown(width, "compare", name, "--runs", runs) for width in (80, 160))
    for text in (narrow, wide):
        assert "chinese_numerals" in text and "needle/xs" in text and "a - b" in text and "undecided" in text
    assert "first cause" in wide and "right in a only" in wide
    assert "first cause" not in narrow and "a wider terminal shows more columns" in narrow


def test_a_spread_says_its_unit_and_fits(runs):
    text = shown(80, "show", run_of(runs, "varied"), "--runs", runs)
    assert "varied worst best spread one variant variant question" in text
    assert " points; its sign holds on" in " ".join(text.split()) and "shares in %" in text

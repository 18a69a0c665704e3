"""How long a command takes that does next to nothing, against Python that does nothing."""

import statistics
from collections.abc import Iterator
from functools import partial

from processes import PYTHON, SINAN, in_turn, measured

from sections import Size

TITLE = "Start-up"
COMMANDS = {
    "`python -c pass`": (PYTHON, "-c", "pass"),
    "`python -c 'import sinan'`": (PYTHON, "-c", "import sinan"),
    "`sinan --help`": (*SINAN, "--help"),
    "`sinan hub list`": (*SINAN, "hub", "list"),
}


def lines(size: Size) -> Iterator[str]:
    times = 2 if size == "small" else 10
    yield f"Best and median of {times}.\n"
    yield "| command | best ms | median ms | median / bare python |"
    yield "|---|--:|--:|--:|"
    taken = in_turn(times, *(partial(measured, *command) for command in COMMANDS.values()))
    walls = [[1000 * took.wall for took in column] for column in taken]
    bare = statistics.median(walls[0])
    for name, values in zip(COMMANDS, walls, strict=True):
        middle = statistics.median(values)
        yield f"| {name} | {min(values):.0f} | {middle:.0f} | {middle / bare:.2f} |"

"""A server that allows so many requests a second and does not say how many: how soon a run finds out, and how much of
it it uses."""

from collections.abc import Iterator, Mapping
from typing import Any, Literal

import work
from evaluated import evaluate, scratch
from processes import Violation
from server import Behaviour
from stand_in import serving

from sections import Size

TITLE = "Rate limits"
RATE, LATENCY, BEGINNING = 40, 0.1, 20
KINDS: tuple[tuple[str, Literal["bucket", "window"]], ...] = (
    ("token bucket that holds 5", "bucket"),
    ("sliding window of 10 s", "window"),
)


def lines(size: Size) -> Iterator[str]:
    count = 120 if size == "small" else 1_600
    yield (
        f"{count:,} requests of {1000 * LATENCY:.0f} ms, {RATE} a second allowed, `--concurrency auto`; a 429 names no "
        "time to wait. Share of what was allowed in the time; *refused*: 429s among all requests. One run each.\n"
    )
    yield f"| limit | first {BEGINNING} s | after | refused | wall s | / ideal |"
    yield "|---|" + "--:|" * 5
    with scratch() as folder:
        file = work.write(folder / "w.jsonl", "problem", range(count))
        for name, kind in KINDS:
            with serving(Behaviour("problem", LATENCY, rate=RATE, limit=kind)) as stand:
                ran = evaluate(stand, file, "--concurrency", "auto", "--no-cache")
            if ran.failed or ran.accuracy != work.expected(range(count)):
                raise Violation(f"rate ({name}): {ran.failed} failed, accuracy {ran.accuracy}")
            early, late = _shares(ran.stats)
            refused = ran.stats["outcomes"].get("429", 0) / ran.stats["requests"]
            yield (
                f"| {name} | {early:.2f} | {'-' if late is None else format(late, '.2f')} | {100 * refused:.1f} % "
                f"| {ran.wall:.1f} | {ran.wall * RATE / count:.2f} |"
            )


def _shares(stats: Mapping[str, Any]) -> tuple[float, float | None]:
    """Answered of what was allowed, in the first seconds and in the rest; None where there is no rest."""
    by_second = {int(second): n for second, n in stats["by_second"].items()}
    early = sum(n for second, n in by_second.items() if second < BEGINNING)
    rest = stats["active"] - BEGINNING
    late = (sum(by_second.values()) - early) / (RATE * rest) if rest > 1 else None
    return early / (RATE * min(BEGINNING, stats["active"])), late

"""A server that fails in every way it can: whether all is answered, and what that takes."""

from collections.abc import Iterator

import work
from evaluated import evaluate, scratch
from processes import Violation
from server import Behaviour
from stand_in import serving

from sections import Size

TITLE = "Faults"
FAULTS = {"429": 0.05, "500": 0.05, "hang": 0.01, "cut": 0.01, "garbage": 0.01}
TIMEOUT = 5.0


def lines(size: Size) -> Iterator[str]:
    count, timeout = (128, 1.0) if size == "small" else (1_319, TIMEOUT)
    options = ("--concurrency", "32", "--no-cache", "--timeout", f"{timeout:g}")
    with scratch() as folder:
        file = work.write(folder / "w1.jsonl", "problem", range(count))
        with serving(Behaviour("problem", 0.1)) as stand:
            calm = evaluate(stand, file, *options)
        with serving(Behaviour("problem", 0.1, faults=FAULTS)) as stand:
            rough = evaluate(stand, file, *options)
    wrong = [ran.accuracy for ran in (calm, rough) if ran.failed or ran.accuracy != work.expected(range(count))]
    if wrong or rough.stats["answered"] < count:
        raise Violation(f"faults: {rough.failed} failed, accuracies {calm.accuracy} and {rough.accuracy}")
    chain = rough.stats["hung_most"]
    bound = 1.5 * calm.wall + chain * timeout
    what = ", ".join(f"{100 * share:g} % {name}" for name, share in FAULTS.items())
    yield (
        f"W1, {count:,} questions, 32 in flight, `--timeout {timeout:g}`. Of all attempts {what}. One question hung "
        f"{chain} times, so the bound is 1.5 times the undisturbed run and {chain} timeouts: {bound:.1f} s.\n"
    )
    yield "| run | wall s | / bound | requests | answered | failed | accuracy |"
    yield "|---|" + "--:|" * 6
    for name, ran, ratio in (("undisturbed", calm, "-"), ("disturbed", rough, f"{rough.wall / bound:.2f}")):
        yield (
            f"| {name} | {ran.wall:.2f} | {ratio} | {ran.stats['requests']:,} | {count:,} | {ran.failed} "
            f"| {ran.accuracy:.6g} |"
        )
    seen = ", ".join(f"{n} {name}" for name, n in sorted(rough.stats["outcomes"].items()) if name != "given up")
    hung = rough.stats["outcomes"].get("given up", 0)
    yield f"\nAs the server counted: {seen}, {hung} hung."

"""The models that sinan brings, over the benchmarks that it makes itself."""

from collections.abc import Iterator

from evaluated import scratch, settings
from processes import SINAN, measured

from sections import Size

TITLE = "Bundled models: `sinan run first-light`"


def lines(size: Size) -> Iterator[str]:
    models, limit = (("needle/xs",), ("-n", "2")) if size == "small" else (("needle/xs", "needle/s", "needle/m"), ())
    yield "One run each.\n"
    yield "| model | wall s | CPU s | peak MB |"
    yield "|---|--:|--:|--:|"
    with scratch() as folder:
        for model in models:
            command = (*SINAN, "run", "first-light", "-m", model, *limit, "--quiet", "--no-cache")
            took = measured(*command, cwd=folder, env=settings(folder))
            yield f"| {model} | {took.wall:.1f} | {took.cpu:.1f} | {took.peak_mb:.0f} |"

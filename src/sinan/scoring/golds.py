"""The right answers of a sample: one, or several of which any will do."""

from sinan.types import Sample


def golds(sample: Sample) -> tuple[str, ...]:
    """The metadata's `golds` where it is a list, else the target alone. Never empty."""
    several = sample.metadata.get("golds")
    if isinstance(several, list | tuple) and several:
        return tuple(map(str, several))
    return (sample.target,)

"""Cards for readers: what each benchmark is, whether its data can be had here, and how one question of it is asked.

Reads the catalogue; fetches nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import MISSING as MISSING_FACTORY
from dataclasses import Field, asdict, dataclass, fields, is_dataclass
from typing import Any

from sinan import catalog
from sinan.datasets import download
from sinan.engine import plan
from sinan.errors import DataError, SinanError, UnknownName, UsageError
from sinan.hub import in_words
from sinan.hub.machine import reachable
from sinan.solving import Recorded
from sinan.types import Benchmark, Judging, Protocol, Source

HERE, MIRROR, FETCHABLE, MISSING = "here", "mirror", "fetchable", "missing"
LONG = 60
"""Characters of a setting that are no longer shown with a scorer: prompts are read with `sinan show --prompt`."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the catalogue; its fields are those of `sinan hub list --json`."""

    id: str
    title: str
    dimension: str
    languages: tuple[str, ...]
    modality: str
    samples: int | None
    """None where it is known only once the data has been read."""
    licence: str
    paper: str
    source: str
    version: str
    data: str
    """`here`, `mirror`, `fetchable` or `missing`. What is generated is always here."""


def entries(dimension: str | None = None, language: str | None = None) -> list[Entry]:
    """The catalogue, filtered. Raises UnknownName for a dimension or a language that no benchmark has."""
    benchmarks = [catalog.load(name) for name in catalog.names()]
    _refuse_unknown(dimension, "dimension", (b.card.dimension for b in benchmarks))
    _refuse_unknown(language, "language", (code for b in benchmarks for code in b.card.languages))
    chosen = [
        b
        for b in benchmarks
        if (dimension is None or b.card.dimension == dimension) and (language is None or language in b.card.languages)
    ]
    return [entry(benchmark) for benchmark in chosen]


def entry(benchmark: Benchmark) -> Entry:
    """The line of one benchmark."""
    card = benchmark.card
    return Entry(
        benchmark.id,
        card.title,
        card.dimension,
        card.languages,
        card.modality,
        benchmark.dataset.size,
        card.licence,
        card.paper,
        card.source,
        catalog.version(benchmark, "default"),
        data_state(benchmark),
    )


def card(name: str) -> dict[str, Any]:
    """Everything about one benchmark: the document of `sinan hub show ID --json`. Raises UnknownName."""
    if name in suites():
        raise UsageError(f"{name} is a suite; each of its benchmarks has a card: {', '.join(suites()[name])}")
    return of_benchmark(catalog.load(name))


def of_benchmark(benchmark: Benchmark) -> dict[str, Any]:
    """Everything about a benchmark that is at hand."""
    line, default = entry(benchmark), benchmark.protocols["default"]
    return asdict(line) | {
        "measures": benchmark.card.measures,
        "chance": benchmark.card.chance,
        "note": benchmark.card.note,
        "metric": benchmark.metric.name,
        "metrics": [metric.name for metric in default.metrics or (benchmark.metric,)],
        "subsets": [subset for subset in benchmark.dataset.subsets if subset],
        "protocols": [_protocol(name, p) for name, p in benchmark.protocols.items()],
        "sources": [asdict(source) | {"url": source.url} for source in benchmark.dataset.files],
        "example": _example(benchmark) if line.data == HERE else None,
        "run": _command(benchmark, default),
    }


def _command(benchmark: Benchmark, default: Protocol) -> str:
    """One that runs as it stands, with the names of one's own models where bundled ones will not do."""
    if isinstance(default.solver, Recorded):
        return f"sinan score FILE --benchmark {benchmark.id}"
    model = "needle/s" if benchmark.card.modality == "text" else "openai/NAME"
    judge = " --judge openai/JUDGE" if isinstance(default.scorer, Judging) else ""
    return f"sinan run {benchmark.id} -m {model}{judge}"


def _brief(scorer: object) -> str:
    """A scorer's name, and what of its settings is not as usual; long texts are left out."""
    if not is_dataclass(scorer):
        return repr(scorer)
    own = [(one, getattr(scorer, one.name)) for one in fields(scorer)]
    told = [
        f"{_brief(value)}" if one.name == "inner" else f"{one.name}={_brief(value)}"
        for one, value in own
        if value != _usual(one) and not (isinstance(value, str) and len(value) > LONG)
    ]
    return f"{type(scorer).__name__}({', '.join(told)})"


def _usual(one: Field[Any]) -> object:
    return one.default if one.default_factory is MISSING_FACTORY else one.default_factory()


def suites() -> dict[str, tuple[str, ...]]:
    """Every suite, and its benchmarks."""
    return {name: suite.benchmarks for name, suite in catalog.all_suites().items()}


def data_state(benchmark: Benchmark) -> str:
    """Where the benchmark's files would come from: the farthest of them counts."""
    places = {_whereabouts(source) for source in benchmark.dataset.files}
    if FETCHABLE in places:
        return FETCHABLE if reachable() else MISSING
    return MIRROR if MIRROR in places else HERE


def _whereabouts(source: Source) -> str:
    try:
        return download.whereabouts(source)
    except DataError:  # a mirror that cannot be read holds nothing; `sinan doctor` says what is wrong with it
        return HERE if download.cached(source).is_file() else FETCHABLE


def _refuse_unknown(name: str | None, what: str, known: Iterable[str]) -> None:
    every = sorted(set(known))
    if name is not None and name not in every:
        raise UnknownName(name, f"{what} of the catalogue", every, f"There are: {', '.join(every)}.")


def _protocol(name: str, protocol: Protocol) -> dict[str, Any]:
    return {
        "name": name,
        "needs": protocol.solver.needs,
        "solver": type(protocol.solver).__name__,
        "asked": in_words.asked(protocol),
        "judged": in_words.judged(protocol),
        "shots": protocol.shots,
        "scorer": _brief(protocol.scorer),
        "scorer_settings": repr(protocol.scorer),
        "sampling": protocol.sampling.to_json(),
    }


def _example(benchmark: Benchmark) -> Mapping[str, Any] | None:
    """The first sample as a chat model is asked it under the default protocol; None where it cannot be read."""
    subset, protocol = benchmark.dataset.subsets[0], benchmark.protocols["default"]
    try:
        sample = next(iter(benchmark.dataset.read(subset, 0)), None)
        if sample is None:
            return None
        prompt = protocol.prompt(sample, "chat", plan.shots(benchmark, protocol, 0, subset, sample))
    except SinanError:
        return None
    return {"id": sample.id, "group": sample.group, "target": sample.target, "prompt": prompt.to_json()}

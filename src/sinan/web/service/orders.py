"""What may be asked of the site: an order, checked before it is stored, and what it becomes for `evaluate`.

Models are those behind an address, by the providers that go through our own transport, and those of this machine that
the configuration names. Targets are benchmarks, suites and dimensions of the catalogue, and uploads; never files.
"""

import ipaddress
import itertools
import re
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from functools import cache
from typing import Annotated, Any, Literal
from urllib.parse import urlencode, urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr
from sqlalchemy import Connection

from sinan import catalog
from sinan.models import options, reach
from sinan.types import RunSpec
from sinan.web.config import Config
from sinan.web.failures import Failure
from sinan.web.service import keys, own
from sinan.web.service.ciphers import Ciphers
from sinan.web.service.people import Asker, Person

OFFICIAL = {
    "openai": "https://api.openai.com/v1",
    "anthropic": "https://api.anthropic.com/v1",
    "google": "https://generativelanguage.googleapis.com",
    "azure": "",
}
"""Providers behind an address, and their own; azure has none."""
OPTIONS = {
    "openai": (
        "api", "timeout", "stream", "max_tokens_field", "thinking_tokens_field", "prefill", "summary", "sampling",
        "logprobs", "bos", "rpm", "tpm", "price_in", "price_out",
    ),
    "azure": ("api", "api_version", "timeout", "stream", "sampling", "rpm", "tpm", "price_in", "price_out"),
    "anthropic": ("header", "version", "sampling", "stream", "timeout", "rpm", "tpm", "price_in", "price_out"),
    "google": ("version", "timeout", "stream", "rpm", "tpm", "price_in", "price_out"),
}  # fmt: skip
"""What may be set of a model by whoever submits. Not the name of a key, nor batches: they leave files behind."""
_TARGET = re.compile(r"(dim:)?[a-z0-9][a-z0-9_.-]{0,79}(/[A-Za-z0-9][A-Za-z0-9_. -]{0,119})?", re.ASCII)
_FILE = (".jsonl", ".csv", ".parquet", ".py", ".yaml", ".toml")
OWN = "own:"
"""How a target that somebody uploaded begins."""


def _without_nul(text: str) -> str:
    if "\0" in text or any("\ud800" <= c <= "\udfff" for c in text):
        raise ValueError("holds a character that cannot be stored")
    return text


Text = Annotated[str, AfterValidator(_without_nul)]
Whole = Annotated[int, Field(ge=-(2**53), le=2**53)]


class ModelOrder(BaseModel):
    """A model, and how it is reached."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    provider: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
    """`openai` for every server that speaks its language; `anthropic`, `google`, `azure`; `needle` for those that come
    with sinan."""
    name: Annotated[Text, Field(min_length=1, max_length=200)]
    """As the server calls it."""
    address: Annotated[Text, Field(max_length=300)] = ""
    """Empty: the provider's own."""
    key: Annotated[int, Field(ge=1, le=2**53)] | None = None
    """Number of a stored key."""
    options: Annotated[dict[Text, Annotated[Text, Field(max_length=200)]], Field(max_length=20)] = {}
    """As they stand behind the `?` of a model's name."""
    secret: Annotated[SecretStr, Field(max_length=4096)] | None = Field(default=None, exclude=True)
    """A key for this job alone, instead of a stored one."""


class Parameters(BaseModel):
    """How answers are drawn, where it is not as the protocol says."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    top_p: Annotated[float, Field(gt=0, le=1)] | None = None
    max_tokens: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    thinking_tokens: Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    reasoning_effort: Literal["none", "minimal", "low", "medium", "high"] | None = None
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] | None = None


class Order(BaseModel):
    """What is asked, of whom, and what it may take."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    targets: Annotated[list[Annotated[Text, Field(min_length=1, max_length=200)]], Field(min_length=1, max_length=50)]
    """Benchmarks (`gsm8k`, `mmlu/astronomy`), suites (`first-light`), dimensions (`dim:math`), uploads (`own:NAME`)."""
    models: Annotated[list[ModelOrder], Field(min_length=1, max_length=8)]
    judges: Annotated[list[ModelOrder], Field(max_length=5)] = []
    """Who judges, where a benchmark's answers are judged by a model."""
    limit: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    """Questions of each benchmark; absent: all."""
    draws: Annotated[int, Field(ge=1, le=64)] = 1
    shots: Annotated[int, Field(ge=0, le=64)] | None = None
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0
    protocol: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")] = "default"
    system: Annotated[Text, Field(max_length=20_000)] | None = None
    parameters: Parameters = Parameters()
    concurrency: Annotated[int, Field(ge=1, le=256)] | None = None
    """Calls in flight; absent: as many as the server turns out to bear."""
    max_cost: Annotated[float, Field(gt=0, le=1e6)] | None = None
    """USD."""
    max_tokens: Annotated[int, Field(ge=1, le=10**12)] | None = None
    """In and out together."""
    max_time: Annotated[float, Field(gt=0, le=30 * 86400)] | None = None
    """Seconds."""


def checked(connection: Connection, config: Config, asker: Asker, person: Person, order: Order) -> dict[str, Any]:
    """The order as it is stored, uploads pinned to what they hold now. Raises Failure, Missing, UnknownName: whatever
    of it cannot be, before it waits."""
    for target in order.targets:
        _check_target(target)
    every = (*order.models, *order.judges)
    for model in every:
        _check_model(config, model)
    stored = order.model_dump(mode="json", exclude_none=True)
    there = keys.origins(connection, person.id, keys.of_order(stored))
    for model in every:
        if model.key is not None:
            refuse_elsewhere(model.model_dump(), there[model.key])
    return stored | _uploads(connection, asker, order.targets)


def _uploads(connection: Connection, asker: Asker, targets: Sequence[str]) -> dict[str, Any]:
    """Where the files of uploads are, below the site's folder, and the scorer that their owners chose."""
    names = [target for target in targets if target.startswith(OWN)]
    if not names:
        return {}
    files = {name: str(own.target(connection, asker, name.removeprefix(OWN))) for name in names}
    scorers = {own.scorer(own.found(connection, asker, name.removeprefix(OWN))) for name in names}
    if len(scorers) > 1:
        raise Failure("these uploads are judged by different scorers. Remedy: a job for each")
    return {"files": files} | ({"scorer": scorer} if (scorer := scorers.pop()) else {})


def with_stored_keys(connection: Connection, ciphers: Ciphers, person: Person, order: Order) -> Order:
    """The order with each key that was given for it alone stored, and named by its number."""

    def stored(model: ModelOrder) -> ModelOrder:
        if model.secret is None or not model.secret.get_secret_value():
            return model.model_copy(update={"secret": None})
        secret = model.secret.get_secret_value()
        where = address_of(model.model_dump())
        number = keys.add(connection, ciphers, person, None, model.provider, where, secret)
        return model.model_copy(update={"key": number, "secret": None})

    models, judges = [stored(one) for one in order.models], [stored(one) for one in order.judges]
    return order.model_copy(update={"models": models, "judges": judges})


def with_keys_at_hand(
    connection: Connection, ciphers: Ciphers, person: Person, order: Order
) -> tuple[Order, dict[int, keys.Key]]:
    """The order, and all its keys in the clear: for what is done at once, so nothing is stored."""
    found = keys.opened(connection, ciphers, person.id, order.model_dump())
    given = itertools.count(2**52)

    def named(model: ModelOrder) -> ModelOrder:
        if model.secret is None or not model.secret.get_secret_value():
            return model
        number = next(given)
        found[number] = keys.checked(address_of(model.model_dump()), model.secret.get_secret_value())
        return model.model_copy(update={"key": number, "secret": None})

    models, judges = [named(one) for one in order.models], [named(one) for one in order.judges]
    return order.model_copy(update={"models": models, "judges": judges}), found


def _check_target(target: str) -> None:
    if target.lower().endswith(_FILE) or not _TARGET.fullmatch(target.removeprefix(OWN)):
        raise Failure(f"{target[:80]!r} is no target here: name a benchmark, a suite, dim:DIMENSION, or own:NAME")
    if target.startswith(OWN):
        return
    name = target.partition("/")[0]
    if target.startswith("dim:"):
        catalog.expand(target)
    elif name not in _known():
        catalog.load(name)  # raises with the nearest names
    elif "/" in target:
        catalog.load(target)


@cache
def _known() -> frozenset[str]:
    return frozenset((*catalog.names(), *catalog.all_suites()))


def _check_model(config: Config, model: ModelOrder) -> None:
    named = f"{model.provider}/{model.name}"
    if any(c in "?#" or c.isspace() or not c.isprintable() for c in model.name):
        raise Failure("a model's name holds no blanks, ? or #; options have a field of their own")
    if options.may_be_key(model.name) and "/" not in model.name and len(model.name) >= 32:
        raise Failure("the model's name looks like a key: it would be written to runs. A key has a field of its own")
    if model.provider not in OFFICIAL:
        if not is_of_this_machine(config, named):
            raise Failure(
                f"{named[:80]} may not be evaluated here. Models behind an address: {', '.join(OFFICIAL)}; of this "
                f"machine: {', '.join(config.models) or 'none'}"
            )
        if model.address or model.key is not None or model.options or model.secret is not None:
            raise Failure(f"{named[:80]} runs on this machine: it has no address, key or options")
        return
    for name in model.options:
        if name not in OPTIONS[model.provider]:
            raise Failure(f"an option of {model.provider} is not known: {', '.join(OPTIONS[model.provider])} are")
    _check_address(config, model)


def is_of_this_machine(config: Config, named: str) -> bool:
    """Whether it is one of the machine's models that may be evaluated."""
    return any(fnmatchcase(named, pattern) for pattern in config.models)


def _check_address(config: Config, model: ModelOrder) -> None:
    if model.address:
        address = options.base_url(model.provider, model.address, "the address")
        host = urlsplit(address).hostname or ""
        try:
            ipaddress.ip_address(host)
        except ValueError:
            return  # what a name means is seen when it is connected to
        if refusal := reach.Reach(config.networks).refusal(host):
            raise Failure(f"{refusal}; {reach.REMEDY}")
    elif not OFFICIAL[model.provider]:
        raise Failure("azure needs the address of your resource: https://RESOURCE.openai.azure.com")
    elif model.key is None and model.secret is None:
        raise Failure(f"{model.provider}'s own address needs a key: choose one, or give another address")


def address_of(model: Mapping[str, Any]) -> str:
    """Where a model's requests go."""
    return str(model.get("address") or OFFICIAL.get(str(model["provider"]), ""))


def refuse_elsewhere(model: Mapping[str, Any], origin: str) -> None:
    """Raises Failure where a model's key would be sent to another origin than it was given for."""
    if keys.origin_of(address_of(model)) != origin:
        raise Failure(
            f"this key was given for {origin}, and is sent nowhere else. Remedy: another key, or that address"
        )


def spec(order: Mapping[str, Any], files: Mapping[str, str]) -> RunSpec:
    """What `evaluate` is asked. `files`: paths of uploads by target."""
    names: list[int] = sorted(keys.of_order(order))
    return RunSpec(
        targets=tuple(files.get(target, target) for target in order["targets"]),
        models=tuple(written(model, names) for model in order["models"]),
        judges=tuple(written(model, names) for model in order.get("judges", ())),
        limit=order.get("limit"),
        draws=order.get("draws", 1),
        shots=order.get("shots"),
        seed=order.get("seed", 0),
        protocol=order.get("protocol", "default"),
        scorer=order.get("scorer"),
        system=order.get("system"),
        parameters=dict(order.get("parameters", {})),
    )


def written(model: Mapping[str, Any], numbers: Sequence[int]) -> str:
    """`PROVIDER/NAME?KEY=VALUE`. A key is named by its place among the order's, never by anything that tells of it."""
    found = dict(model.get("options") or {})
    if model.get("address"):
        found["base_url"] = model["address"].strip().rstrip("/")
    if model.get("key") is not None:
        found["key_env"] = key_name(int(model["key"]), numbers)
    return f"{model['provider']}/{model['name']}" + (f"?{urlencode(found)}" if found else "")


def key_name(number: int, numbers: Sequence[int]) -> str:
    """Under which name a job's process is handed a key."""
    return f"SINAN_JOB_KEY_{list(numbers).index(number) + 1}"


def title(order: Mapping[str, Any]) -> str:
    """`needle/m: first-light`."""
    names = ", ".join(f"{model['provider']}/{model['name']}" for model in order["models"])
    return f"{names}: {' '.join(order['targets'])}"[:200]

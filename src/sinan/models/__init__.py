"""Floor 1: who answers. Opens a model by its name; a provider is a file in `providers/` or another package's.

A provider is a module with

    def open_model(name: str, options: Mapping[str, str], timeout: float) -> Model
    def status() -> list[Availability]

Another package registers its module under the entry point group `sinan.providers`. Nothing of a provider is
imported before a model of it is opened.
"""

import importlib
import importlib.util
import pkgutil
import typing
from types import ModuleType

from sinan.errors import UnknownName, UsageError
from sinan.models import options as option
from sinan.models import providers
from sinan.types import Model
from sinan.types.availability import Availability

if typing.TYPE_CHECKING:
    from importlib.metadata import EntryPoint

_GROUP = "sinan.providers"


def open_model(spec: str, timeout: float = 600.0) -> Model:
    """The model written `PROVIDER/NAME[?KEY=VALUE&...]`; `timeout` bounds one attempt of one call, in seconds.

    Raises UsageError for a spec that cannot be read and UnknownName for a provider that is not here. No request is
    sent: `Model.open` does that.
    """
    provider, name, options = _parse(spec)
    model: Model = _provider(provider).open_model(name, options, timeout)
    return model


def names() -> list[str]:
    """Names of all providers, found without importing them."""
    here = {module.name for module in pkgutil.iter_modules(providers.__path__)}
    return sorted(here | {entry.name for entry in _registered()})


def statuses() -> list[Availability]:
    """What every provider says about itself."""
    return [line for name in names() for line in _status(name)]


def _parse(spec: str) -> tuple[str, str, dict[str, str]]:
    path, _, query = spec.partition("?")
    provider, slash, name = path.partition("/")
    if not slash or not provider or not name:
        shown = "what was given" if option.may_be_key(path) else path
        raise UsageError(
            f"{shown} is no model: write PROVIDER/NAME, such as needle/m or "
            f"openai/NAME?base_url=http://127.0.0.1:8000/v1. Providers: {', '.join(names())}."
        )
    options = option.parse(query)
    option.refuse_secrets(path, options)
    return provider, name, options


def _provider(name: str) -> ModuleType:
    if name.isidentifier() and importlib.util.find_spec(f"{providers.__name__}.{name}"):
        return importlib.import_module(f"{providers.__name__}.{name}")  # ours: no look at other packages is needed
    known = names()
    if name not in known:
        raise UnknownName(name, "provider", known, f"Providers: {', '.join(known)}.")
    return _loaded(next(entry for entry in _registered() if entry.name == name))


def _loaded(entry: "EntryPoint") -> ModuleType:
    try:
        module: ModuleType = entry.load()
    except Exception as error:
        raise UsageError(f"provider {entry.name} cannot be loaded: {type(error).__name__}: {error}") from error
    return module


def _registered() -> "list[EntryPoint]":
    from importlib import metadata  # 20 ms that only a look at providers needs

    return list(metadata.entry_points(group=_GROUP))


def _status(name: str) -> list[Availability]:
    """A provider of another package that cannot be loaded is a line of the table, not its end."""
    try:
        lines: list[Availability] = _provider(name).status()
    except Exception as error:
        return [Availability(name, False, f"cannot be loaded: {type(error).__name__}: {error}")]
    return lines

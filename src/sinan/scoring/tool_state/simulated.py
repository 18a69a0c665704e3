"""The APIs that are simulated here, by the names of BFCL's data, and how a call reaches one of them.

A call is looked up by its name among the public functions of the APIs that take part, and made with literal values.
Nothing that a model writes is evaluated.
"""

import inspect
import json
import typing
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sinan.scoring.tool_calls.call import Call, Opaque
from sinan.scoring.tool_state.arithmetic import Arithmetic
from sinan.scoring.tool_state.file_system import FileSystem
from sinan.scoring.tool_state.messages import Messages
from sinan.scoring.tool_state.posts import Posts
from sinan.scoring.tool_state.tickets import Tickets
from sinan.scoring.tool_state.trading import Trading


class Simulated(typing.Protocol):
    """A stateful API. Its functions are its public methods; each answers with JSON, errors in a field `error`."""

    @property
    def state(self) -> Mapping[str, Any]:
        """All that calls change, as JSON."""
        ...


APIS: Mapping[str, Callable[[Mapping[str, Any]], Simulated]] = {
    "GorillaFileSystem": FileSystem,
    "MathAPI": Arithmetic,
    "MessageAPI": Messages,
    "TicketAPI": Tickets,
    "TradingBot": Trading,
    "TwitterAPI": Posts,
}
"""By name: what makes an API from its scenario."""


class World:
    """The APIs that take part in one conversation, from their scenarios on."""

    def __init__(self, names: Sequence[str], scenarios: Mapping[str, Any]) -> None:
        self._apis = {name: APIS[name](scenarios.get(name, {})) for name in names}
        self._functions = {name: function for api in self._apis.values() for name, function in functions(api).items()}

    @property
    def states(self) -> dict[str, Any]:
        """The state of every API, as it is now: JSON of its own, that later calls do not change."""
        copied: dict[str, Any] = json.loads(_text({name: api.state for name, api in self._apis.items()}))
        return copied

    def run(self, call: Call) -> str:
        """What the call answers, as text. A call that cannot be made answers with why."""
        function = self._functions.get(call.name.rpartition(".")[2])
        if function is None:
            return _text({"error": f"there is no function {call.name}"})
        if any(isinstance(value, Opaque) for value in (*call.unnamed, *call.arguments.values())):
            return _text({"error": "an argument is no literal value"})
        try:
            bound = inspect.signature(function).bind(*call.unnamed, **call.arguments)
            return _text(function(*bound.args, **bound.kwargs))
        except Exception as error:  # whatever a function makes of values that it was not meant for
            return _text({"error": f"{type(error).__name__}: {error}"})


def functions(api: Simulated) -> dict[str, Callable[..., Any]]:
    """The public functions of an API."""
    own = [name for name, value in vars(type(api)).items() if inspect.isfunction(value) and not name.startswith("_")]
    return {name: getattr(api, name) for name in own}


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)

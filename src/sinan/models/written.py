"""The request that a question would be sent as. The provider itself writes it; a stand-in for its transport keeps what
it is given and sends nothing."""

import dataclasses
from typing import Any

from sinan.types import Model, Prompt, Sampling


class _Kept(Exception):
    """Ends the call before anything is sent."""


class _Transport:
    """In the place of a transport."""

    def __init__(self, real: Any) -> None:
        self.endpoint = real.endpoint
        self.bodies: list[tuple[str, Any]] = []

    async def post(self, path: str, body: Any, *rest: Any, **more: Any) -> Any:
        """Keeps the body."""
        self.bodies.append((path, body))
        raise _Kept


async def written(model: Model, prompt: Prompt, sampling: Sampling, needs: str) -> tuple[str, Any] | None:
    """Path and JSON body of the first request; None for a model that has no transport to take the place of. Raises
    what the provider raises of a question that it cannot ask."""
    if not (dataclasses.is_dataclass(model) and hasattr(model, "transport")):
        return None
    transport = _Transport(model.transport)
    quiet: Model = dataclasses.replace(model, transport=transport)
    try:
        await (quiet.loglikelihood(prompt) if needs == "loglikelihood" else quiet.generate(prompt, sampling))
    except Exception:
        if not transport.bodies:
            raise
    return transport.bodies[0]

"""How a task wants text generated: its `generation_kwargs` as a sampling.

Without any: greedy, 256 tokens, and the delimiter of examples as the stop. With some but no `until`: that same stop.
`do_sample: false`, or neither `do_sample` nor a temperature, is greedy.
"""

import math
from typing import Any

from sinan.errors import UsageError
from sinan.lm_eval.config import Config
from sinan.types import Sampling

MAX_TOKENS = 256
_LIMITS = ("max_gen_toks", "max_new_tokens", "max_tokens", "max_completion_tokens")
"""The first that is given counts."""


def sampling(config: Config) -> Sampling:
    """Raises UsageError for a setting that cannot be understood."""
    if config.output_type != "generate_until":
        return Sampling()
    given = dict(config.generation_kwargs or {})
    stops = given.pop("until", [config.fewshot_delimiter])
    stops = [stops] if isinstance(stops, str) else stops if isinstance(stops, list) else []
    limits = [given.pop(name, None) for name in _LIMITS]
    limit = next((one for one in limits if one is not None), MAX_TOKENS)
    try:
        temperature = _temperature(given)
        top_p = given.pop("top_p", None)
        if int(limit) < 1 or not math.isfinite(temperature or 0.0):
            raise ValueError(f"temperature {temperature}, at most {limit} tokens")
        return Sampling(
            temperature,
            int(limit),
            None if top_p is None or temperature == 0 else float(top_p),
            tuple(str(stop) for stop in stops if stop),
            extra={key: value for key, value in given.items() if value is not None},
        )
    except (TypeError, ValueError, OverflowError) as error:
        raise UsageError(f"{config.task}: its generation_kwargs cannot be understood: {error}") from None


def _temperature(given: dict[str, Any]) -> float | None:
    """0 where the answer is to be greedy; None where it is drawn at a temperature that nobody names."""
    draws, said = given.pop("do_sample", None), given.pop("temperature", None)
    if draws is False:
        return 0.0
    if draws is None:
        return float(said or 0.0)
    return None if said is None else float(said)

"""From a prompt and its sampling to what vLLM's engine is asked, and from its output to a completion."""

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from sinan.errors import TransientError, Unsupported
from sinan.models.local.torch_asking import Defaults
from sinan.models.local.torch_files import Files
from sinan.models.local.torch_tokens import Tokens
from sinan.models.local.vllm_engine import Engine
from sinan.models.local.wholes import Ids
from sinan.types import Prompt, Sampling
from sinan.types.completion import FinishReason

OURS = (
    "n",
    "output_kind",
    "detokenize",
    "logprobs",
    "prompt_logprobs",
    "structured_outputs",
    "guided_decoding",
    "skip_clone",
)
"""Parameters that decide what an output looks like: not for users."""
REASONS: dict[str, FinishReason] = {"stop": "stop", "length": "length", "repetition": "length"}


@dataclass(frozen=True, slots=True)
class Asked:
    """One prompt, ready to be continued."""

    ids: Ids
    parameters: Any
    """Of the engine."""


def defaults(files: Files) -> Defaults:
    """What the model's own files say of its generation."""
    generation, config = files.settings("generation_config.json"), files.settings("config.json")
    text = config.get("text_config") or config
    return Defaults.of(SimpleNamespace(**generation), SimpleNamespace(**text), files.tokenizer)


def ask(engine: Engine, tokens: Tokens, own: Defaults, prompt: Prompt, sampling: Sampling, limit: int) -> Asked:
    """What is asked for one prompt. `limit`: tokens of the answer where the request does not say.

    Raises RequestRejected where the prompt does not fit or a value is refused, Unsupported for a parameter that this
    version of the engine does not know.
    """
    wanted = limit if sampling.max_tokens is None else sampling.max_tokens
    ids, room = tokens.reader.with_room(tokens.text(prompt, sampling), wanted, prompt.cut)
    fields = engine.fields
    given: dict[str, Any] = {name: value for name, value in own.parameters.items() if name in fields}
    if sampling.top_p is not None:
        given["top_p"] = sampling.top_p
    given |= _extra(engine.name, fields, sampling)
    ends = set() if given.get("ignore_eos") else own.ends
    given |= {
        "temperature": own.temperature if sampling.temperature is None else sampling.temperature,
        "max_tokens": room,
        "seed": sampling.seed,
        # What ends the answer must not end the thoughts before it: it is applied once both are there.
        "stop": [] if sampling.think_end else [stop for stop in sampling.stop if stop],
        "stop_token_ids": sorted({*ends, *given.get("stop_token_ids", ())}),
    }
    return Asked(ids, engine.parameters(**given, **_schema(engine, sampling)))


def finish_reason(name: str, told: str | None) -> FinishReason:
    """As a completion says it. Raises TransientError for a request that was given up."""
    if told not in REASONS:
        raise TransientError(f"{name}: vLLM gave a request up (finish reason {told})")
    return REASONS[told]


def _extra(name: str, fields: tuple[str, ...], sampling: Sampling) -> dict[str, Any]:
    if sampling.thinking_tokens:
        raise Unsupported(f"{name}: vLLM in this process cannot bound thoughts: leave thinking_tokens out, or set it 0")
    known = [field for field in fields if field not in OURS]
    unknown = [key for key in sampling.extra if key not in known]
    if unknown:
        raise Unsupported(f"{name}: unknown parameter {unknown[0]}. Known: {', '.join(known)}.")
    return dict(sampling.extra)


def _schema(engine: Engine, sampling: Sampling) -> dict[str, Any]:
    if sampling.schema is None:
        return {}
    found = engine.held_to(dict(sampling.schema))
    if not found:
        raise Unsupported(f"{engine.name}: this vLLM cannot be held to a JSON schema. Remedy: pip install -U vllm")
    return found

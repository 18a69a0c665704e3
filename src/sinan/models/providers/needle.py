"""The models that come with sinan: `needle/xs`, `needle/s`, `needle/m`. No network, no key, no torch.

They are small Llamas trained on the generators of the suite `first-light` (tools/needle), there to try everything
out with real answers and real log-likelihoods. They continue text; they were never taught to hold a conversation.
"""

import hashlib
import time
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sinan.errors import RequestRejected, UnknownName
from sinan.models import options as option
from sinan.models.local.wholes import ids_hash
from sinan.types import Completion, Form, Limits, Model, Pace, Prompt, Rendered, Sampling, Usage
from sinan.types.availability import Availability

if TYPE_CHECKING:
    from sinan.models.local.runtime import Runtime

SIZES = ("xs", "s", "m")
WEIGHTS = Path(__file__).parents[1] / "local" / "weights"
MAX_TOKENS = 256  # of an answer, where the request leaves it open


def open_model(name: str, options: Mapping[str, str], timeout: float = 600.0) -> Model:
    """`xs`, `s` or `m`. There are no options, and nothing that could time out."""
    size = name.removeprefix("needle/")
    if size not in SIZES:
        known = [f"needle/{one}" for one in SIZES]
        raise UnknownName(f"needle/{size}", "bundled model", known, f"Bundled are {', '.join(known)}.")
    option.check_known(f"needle/{size}", options, ())
    return Needle(size)


def status() -> list[Availability]:
    """One line per size."""
    return [_status(size) for size in SIZES]


def _status(size: str) -> Availability:
    weights = WEIGHTS / f"needle-{size}" / "model.safetensors"
    if not weights.is_file():
        return Availability(f"needle/{size}", False, f"no weights at {weights}", "install sinan again")
    return Availability(f"needle/{size}", True, f"bundled, {weights.stat().st_size / 1e6:.1f} MB, runs on any CPU")


class Needle:
    """One bundled model."""

    form: Form = "base"
    capabilities = frozenset({"generate", "loglikelihood", "seed", "rolling", "prefill"})
    concurrency = 64
    endpoint = ""
    limits = Limits()

    def __init__(self, size: str) -> None:
        self.name = f"needle/{size}"
        self.folder = WEIGHTS / f"needle-{size}"
        self._runtime: Runtime | None = None

    @cached_property
    def identity(self) -> Mapping[str, Any]:
        """Hashes of the weights and of the tokenizer decide every answer."""
        files = {"weights_sha256": "model.safetensors", "tokenizer_sha256": "tokenizer.json"}
        return {key: hashlib.sha256((self.folder / file).read_bytes()).hexdigest() for key, file in files.items()} | {
            "provider": "needle",
            "model": self.name,
            "compute": "numpy float32",
        }

    async def open(self, pace: Pace | None = None) -> None:
        """Load the weights: some tens of milliseconds. Nothing is sent anywhere, so no pace is kept."""
        from sinan.models.local.runtime import Runtime

        if self._runtime is None:
            self._runtime = Runtime(self.name, self.folder)

    async def generate(self, prompt: Prompt, sampling: Sampling) -> Completion:
        """Continue the text. Where the request leaves the temperature open, greedily."""
        began, runtime, text = time.perf_counter(), await self._opened(), self._text(prompt)
        came, ids = await runtime.generate(text, sampling, MAX_TOKENS, prompt.cut)
        usage, latency = Usage(len(ids), came.tokens), time.perf_counter() - began
        return Completion(came.text, came.finish_reason, usage, latency_s=latency, prompt_ids=ids_hash(ids))

    async def loglikelihood(self, prompt: Prompt) -> Completion:
        """Log-likelihood of every continuation after its context, or of the text itself."""
        self._text(prompt)
        began, runtime = time.perf_counter(), await self._opened()
        likely = await runtime.loglikelihood(prompt)
        latency, usage = time.perf_counter() - began, Usage(likely.tokens, 0)
        return Completion(
            "", "stop", usage, loglikelihoods=likely.values, latency_s=latency, prompt_ids=likely.prompt_ids
        )

    def render(self, prompt: Prompt) -> Rendered:
        """The text and its tokens. Raises RequestRejected for messages, UsageError for a doubled beginning."""
        from sinan.models.local.runtime import Runtime

        self._text(prompt)
        return (self._runtime or Runtime(self.name, self.folder)).render(prompt)

    async def close(self) -> None:
        """Let go of the weights and of kept prefixes."""
        self._runtime = None

    async def _opened(self) -> "Runtime":
        await self.open()
        assert self._runtime is not None
        return self._runtime

    def _text(self, prompt: Prompt) -> str:
        if prompt.messages:
            raise RequestRejected(f"{self.name} continues text and takes no messages. Use a model of form chat.")
        return prompt.text

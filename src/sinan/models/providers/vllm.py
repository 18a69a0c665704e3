"""Weights on this machine, or from the Hugging Face hub, computed by vLLM's engine inside this process.

    vllm/PATH               a folder as transformers writes it
    vllm/OWNER/NAME         an id of the hub; taken from its cache, or fetched

Options: dtype=auto|float32|bfloat16|float16 (auto: as vLLM likes, which reads float32 weights as float16),
revision=REVISION of the hub, max_length=N tokens that are read at most, tensor_parallel=N GPUs that hold the network
together, gpu_memory=0.9 of a GPU's memory that may be used, chat=auto|1|0 whether messages are taken (auto: where the
tokenizer has a chat template), add_bos=auto|1|0 whether texts begin with the beginning-of-text token,
trust_remote_code=1 to run code that comes with the weights.
"""

import asyncio
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from importlib import metadata
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from sinan.errors import UsageError
from sinan.models import options as option
from sinan.types import Completion, Form, Limits, Model, Pace, Prompt, Rendered, Sampling, Usage
from sinan.types.availability import Availability

if TYPE_CHECKING:
    from sinan.models.local.torch_asking import Defaults
    from sinan.models.local.torch_files import Files
    from sinan.models.local.vllm_engine import Engine
    from sinan.models.local.vllm_likelihood import Likelihoods

OPTIONS = (
    "dtype",
    "revision",
    "max_length",
    "tensor_parallel",
    "gpu_memory",
    "chat",
    "add_bos",
    "trust_remote_code",
)
MAX_TOKENS = 256  # of an answer, where the request leaves it open


def open_model(name: str, options: Mapping[str, str], timeout: float = 600.0) -> Model:
    """The model of a folder or of the hub. Nothing is loaded yet, and nothing here can time out.

    Raises UsageError for options that are wrong.
    """
    from sinan.models.local.torch_files import Files
    from sinan.models.local.torch_loading import DTYPES

    spec = f"vllm/{name}"
    option.check_known(spec, options, OPTIONS)
    option.one_of(spec, options, "dtype", DTYPES, "auto")
    for key in ("chat", "add_bos", "trust_remote_code"):
        option.one_of(spec, options, key, ("auto", "1", "0"), "auto")
    part = option.amount(spec, options, "gpu_memory", "0.9")
    if part is not None and not 0 < part <= 1:
        raise UsageError(f"{spec}: gpu_memory must be a part of the GPU's memory, such as gpu_memory=0.9.")
    files = Files(f"vllm/{name.rstrip('/') or name}", name.rstrip("/") or name, dict(options))
    files.whole("max_length")
    files.whole("tensor_parallel", "2")
    return VLLM(files)


def status() -> list[Availability]:
    """Whether the package is there; it is not loaded, so that nothing is said of GPUs."""
    if find_spec("vllm") is None:
        remedy = "pip install vllm (the extra `vllm`)"
        return [Availability("vllm", False, "vllm not installed; for weights on a GPU", remedy)]
    told = f"weights on a GPU, in a folder or on the hub: vllm/PATH, vllm/OWNER/NAME (vllm {metadata.version('vllm')})"
    return [Availability("vllm", True, told)]


@dataclass(frozen=True, slots=True)
class _Running:
    """What there is once the engine has started."""

    engine: "Engine"
    likelihoods: "Likelihoods"
    defaults: "Defaults"


class VLLM:
    """One model's weights in an engine of vLLM."""

    capabilities = frozenset({"generate", "loglikelihood", "seed", "rolling", "prefill"})
    concurrency = 1024
    endpoint = ""
    limits = Limits()

    def __init__(self, files: "Files") -> None:
        self.name, self._files = files.name, files
        self._running: _Running | None = None
        self._starting = threading.Lock()

    @property
    def form(self) -> Form:
        """Messages where the tokenizer has a chat template, or as the option says."""
        return self._files.form

    @cached_property
    def identity(self) -> Mapping[str, Any]:
        """Hashes of weights, tokenizer and template, and all that changes a number: dtype, how many GPUs share the
        network, libraries. Raises MissingExtra."""
        from sinan.models.local.vllm_engine import require

        require(self.name)
        given = self._files.options
        return {
            "provider": "vllm",
            **self._files.identity,
            "dtype": given.get("dtype", "auto"),
            "tensor_parallel": given.get("tensor_parallel", "1"),
            **{library: metadata.version(library) for library in ("vllm", "torch", "transformers")},
        }

    async def open(self, pace: Pace | None = None) -> None:
        """Start the engine. Nothing is sent anywhere, so no pace is kept. Raises ModelUnusable and MissingExtra."""
        if self._running is None:
            await asyncio.to_thread(self._start)

    async def generate(self, prompt: Prompt, sampling: Sampling) -> Completion:
        """Answer the messages or continue the text. Where the request leaves the temperature open, as the model's own
        generation_config says. Raises ModelError."""
        from sinan.models.local.vllm_asking import ask, finish_reason
        from sinan.models.local.wholes import ids_hash

        began, running = time.perf_counter(), await self._opened()
        asked = ask(running.engine, self._files.tokens, running.defaults, prompt, sampling, MAX_TOKENS)
        output = await running.engine.read(asked.ids, asked.parameters)
        (answer,) = output.outputs
        return Completion(
            answer.text,
            finish_reason(self.name, answer.finish_reason),
            Usage(len(asked.ids), len(answer.token_ids), cache_read=output.num_cached_tokens),
            latency_s=time.perf_counter() - began,
            prompt_ids=ids_hash(asked.ids),
        )

    async def loglikelihood(self, prompt: Prompt) -> Completion:
        """Log-likelihoods of the continuations after the text or the messages, or of the text itself."""
        from sinan.models.local.wholes import Wanted

        began, running = time.perf_counter(), await self._opened()
        if not prompt.continuations and not prompt.rolling:
            return Completion("", "stop", Usage(0, 0))
        text = self._files.tokens.text(prompt) if prompt.messages else None
        likely, requests = await running.likelihoods(Wanted.of(prompt, text))
        return Completion(
            "",
            "stop",
            Usage(likely.tokens, 0),
            loglikelihoods=likely.values,
            latency_s=time.perf_counter() - began,
            requests=max(1, requests),
            prompt_ids=likely.prompt_ids,
        )

    def render(self, prompt: Prompt) -> Rendered:
        """A prompt as it is read; the tokenizer alone is loaded for it. Raises UsageError where the beginning-of-text
        token is missing or doubled."""
        return self._files.tokens.render(prompt)

    async def close(self) -> None:
        """Stop the engine and give its memory back."""
        if self._running is not None:
            self._running.likelihoods.close()
            self._running.engine.close()
        self._running = None

    def _start(self) -> None:
        """Once, however many ask for it at one time."""
        with self._starting:
            if self._running is None:
                self._running = self._started()

    def _started(self) -> _Running:
        from sinan.models.local.vllm_asking import defaults
        from sinan.models.local.vllm_engine import EngineWish, require, started
        from sinan.models.local.vllm_likelihood import BEYOND, Likelihoods

        require(self.name)  # what is missing is told before anything is fetched
        files, given = self._files, self._files.options
        files.tokens.check()
        # An engine that reads more than the user asked for: then windows are cut where every other provider cuts them.
        length = max(files.length, min(files.length + BEYOND, files.own_length))
        part = option.amount(self.name, given, "gpu_memory", "0.9")
        engine = started(
            EngineWish(
                self.name,
                files.complete(),
                length,
                given.get("dtype", "auto"),
                files.whole("tensor_parallel") or 1,
                part,
                given.get("trust_remote_code") == "1",
            )
        )
        reader = replace(files.tokens.reader, longest=min(files.length, length - BEYOND))
        return _Running(engine, Likelihoods(engine, reader), defaults(files))

    async def _opened(self) -> _Running:
        await self.open()
        assert self._running is not None
        return self._running

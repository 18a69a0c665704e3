"""Weights on this machine, or from the Hugging Face hub, computed with transformers and PyTorch.

    hf/PATH                 a folder as transformers writes it
    hf/OWNER/NAME           an id of the hub; taken from its cache, or fetched

Options: dtype=auto|float32|bfloat16|float16 (auto: as the weights are on a GPU, float32 on a CPU),
attn=auto|sdpa|eager|flash_attention_2, device=auto|cpu|cuda|cuda:N, revision=REVISION of the hub,
chat=auto|1|0 whether messages are taken (auto: where the tokenizer has a chat template), max_length=N tokens that are
read at most, batch_tokens=N tokens of one pass to begin with, add_bos=auto|1|0 whether texts begin with the
beginning-of-text token (auto: as the tokenizer likes; 1: once, whoever writes it), trust_remote_code=1 to run code that
comes with the weights.
"""

import asyncio
import threading
import time
from collections.abc import Mapping
from functools import cached_property
from importlib import metadata
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from sinan.errors import ModelUnusable, UsageError
from sinan.models import options as option
from sinan.types import Completion, Form, Limits, Model, Pace, Prompt, Rendered, Sampling, Usage
from sinan.types.availability import Availability

if TYPE_CHECKING:
    from sinan.models.local.torch_files import Files
    from sinan.models.local.torch_runtime import Runtime
    from sinan.models.local.torch_tokens import Tokens

OPTIONS = (
    "dtype",
    "attn",
    "revision",
    "device",
    "chat",
    "max_length",
    "batch_tokens",
    "add_bos",
    "trust_remote_code",
)
MAX_TOKENS = 256  # of an answer, where the request leaves it open


def open_model(name: str, options: Mapping[str, str], timeout: float = 600.0) -> Model:
    """The model of a folder or of the hub. Nothing is loaded yet, and nothing here can time out.

    Raises UsageError for options that are wrong.
    """
    from sinan.models.local.torch_loading import ATTENTION, DTYPES

    spec = f"hf/{name}"
    option.check_known(spec, options, OPTIONS)
    option.one_of(spec, options, "dtype", DTYPES, "auto")
    option.one_of(spec, options, "attn", ATTENTION, "auto")
    for key in ("chat", "add_bos", "trust_remote_code"):
        option.one_of(spec, options, key, ("auto", "1", "0"), "auto")
    device = options.get("device", "auto")
    if device not in ("auto", "cpu", "cuda") and not (device.startswith("cuda:") and device[5:].isdigit()):
        raise UsageError(f"{spec}: device must be one of auto, cpu, cuda, cuda:N.")
    return HF(name.rstrip("/") or name, dict(options))


def status() -> list[Availability]:
    """Whether the libraries are there, and with which accelerator; neither is loaded."""
    missing = [library for library in ("torch", "transformers") if find_spec(library) is None]
    if missing:
        told = f"{' and '.join(missing)} not installed; for weights on this machine"
        return [Availability("hf", False, told, f"pip install {' '.join(missing)} (the extra `hf`)")]
    versions = f"torch {metadata.version('torch')}, transformers {metadata.version('transformers')}"
    return [Availability("hf", True, f"weights in a folder or on the hub: hf/PATH, hf/OWNER/NAME ({versions})")]


class HF:
    """One model's weights."""

    capabilities = frozenset({"generate", "loglikelihood", "seed", "rolling", "prefill"})
    concurrency = 1024
    endpoint = ""
    limits = Limits()

    def __init__(self, model: str, options: Mapping[str, str]) -> None:
        self.name, self._model, self._options = f"hf/{model}", model, options
        self._runtime: Runtime | None = None
        self._loading = threading.Lock()

    @property
    def form(self) -> Form:
        """Messages where the tokenizer has a chat template, or as the option says."""
        return self._files.form

    @cached_property
    def identity(self) -> Mapping[str, Any]:
        """Hashes of weights, tokenizer and template, and all that changes a number: dtype, attention, kind of device,
        libraries."""
        from sinan.models.local.torch_loading import device

        kind = device(self._files.wish(self._files.small)).type
        dtype = self._options.get("dtype", "auto")
        return {
            "provider": "hf",
            **self._files.identity,
            "dtype": "float32" if dtype == "auto" and kind == "cpu" else dtype,
            "attention": self._options.get("attn", "auto"),
            "device": kind,
            "torch": metadata.version("torch"),
            "transformers": metadata.version("transformers"),
        }

    async def open(self, pace: Pace | None = None) -> None:
        """Load tokenizer and weights. Nothing is sent anywhere, so no pace is kept. Raises ModelUnusable."""
        if self._runtime is None:
            await asyncio.to_thread(self._load)

    async def generate(self, prompt: Prompt, sampling: Sampling) -> Completion:
        """Answer the messages or continue the text. Where the request leaves the temperature open, as the model's own
        generation_config says. Raises ModelError."""
        from sinan.models.local.torch_asking import ask
        from sinan.models.local.wholes import ids_hash

        began, runtime = time.perf_counter(), await self._opened()
        asked = ask(runtime.tokens, runtime.defaults, prompt, sampling, MAX_TOKENS)
        came = await runtime.generate(asked)
        usage = Usage(len(asked.ids), came.tokens, reasoning=came.reasoning_tokens)
        return Completion(
            came.text,
            came.finish_reason,
            usage,
            came.reasoning,
            latency_s=time.perf_counter() - began,
            prompt_ids=ids_hash(asked.ids),
        )

    async def loglikelihood(self, prompt: Prompt) -> Completion:
        """Log-likelihoods of the continuations after the text or the messages, or of the text itself."""
        from sinan.models.local.wholes import Wanted

        began, runtime = time.perf_counter(), await self._opened()
        if not prompt.continuations and not prompt.rolling:
            return Completion("", "stop", Usage(0, 0))
        text = runtime.tokens.text(prompt) if prompt.messages else None
        likely = await runtime.loglikelihood(Wanted.of(prompt, text))
        return Completion(
            "",
            "stop",
            Usage(likely.tokens, 0),
            loglikelihoods=likely.values,
            latency_s=time.perf_counter() - began,
            prompt_ids=likely.prompt_ids,
        )

    def render(self, prompt: Prompt) -> Rendered:
        """A prompt as it is read; the tokenizer alone is loaded for it. Raises UsageError where the beginning-of-text
        token is missing or doubled."""
        return self._tokens.render(prompt)

    async def close(self) -> None:
        """Let go of the weights and of kept beginnings."""
        if self._runtime is not None:
            self._runtime.close()
        self._runtime = None

    @cached_property
    def _files(self) -> "Files":
        from sinan.models.local.torch_files import Files

        return Files(self.name, self._model, self._options)

    @property
    def _tokens(self) -> "Tokens":
        return self._files.tokens

    def _load(self) -> None:
        """Once, however many ask for it at one time."""
        with self._loading:
            if self._runtime is None:
                self._runtime = self._loaded()

    def _loaded(self) -> "Runtime":
        from sinan.models.local.torch_asking import Defaults
        from sinan.models.local.torch_loading import network
        from sinan.models.local.torch_runtime import Runtime

        files = self._files
        files.tokens.check()
        model = network(files.wish(files.complete()))
        config = model.config.get_text_config(decoder=True)
        try:
            defaults = Defaults.of(model.generation_config, config, files.tokenizer)
        except (TypeError, ValueError) as error:
            raise ModelUnusable(f"{self.name}: its generation_config.json cannot be understood: {error}") from None
        return Runtime(model, files.tokens, defaults, files.whole("batch_tokens"))

    async def _opened(self) -> "Runtime":
        await self.open()
        assert self._runtime is not None
        return self._runtime

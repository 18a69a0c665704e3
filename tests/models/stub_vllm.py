"""The part of vLLM's API that the provider uses, on a processor: it computes with transformers, one prompt at a time,
and is as strict about its arguments as the package is. `installed` puts it where `import vllm` finds it."""

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from enum import Enum
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, ClassVar

import pytest

VERSION = "0.11.2"
BLOCK = 16  # tokens that are kept in the prefix cache together


class EngineDeadError(Exception):
    pass


class EngineGenerateError(Exception):
    pass


class RequestOutputKind(Enum):
    CUMULATIVE = 0
    DELTA = 1
    FINAL_ONLY = 2


@dataclass
class StructuredOutputsParams:
    json: Any = None


@dataclass
class SamplingParams:
    """Unknown fields raise, as in the package."""

    n: int = 1
    repetition_penalty: float = 1.0
    temperature: float = 1.0
    top_p: float = 1.0
    top_k: int = 0
    min_p: float = 0.0
    seed: int | None = None
    stop: list[str] | None = None
    stop_token_ids: list[int] | None = None
    ignore_eos: bool = False
    max_tokens: int | None = 16
    min_tokens: int = 0
    logprobs: int | None = None
    prompt_logprobs: int | None = None
    detokenize: bool = True
    output_kind: RequestOutputKind = RequestOutputKind.CUMULATIVE
    structured_outputs: StructuredOutputsParams | None = None
    _eos_token_id: int | None = None
    __struct_fields__: ClassVar[tuple[str, ...]]

    def __post_init__(self) -> None:
        if not 0 <= self.temperature <= 2:
            raise ValueError(f"temperature must be in [0, 2], got {self.temperature}.")
        if not 0 < self.top_p <= 1:
            raise ValueError(f"top_p must be in (0, 1], got {self.top_p}.")
        if self.max_tokens is None or self.max_tokens < 1:
            raise ValueError(f"max_tokens must be at least 1, got {self.max_tokens}.")
        if any(not stop for stop in self.stop or ()):
            raise ValueError("stop cannot contain an empty string.")
        if self.stop and not self.detokenize:
            raise ValueError("stop strings are only supported when detokenize is True.")
        assert isinstance(self.stop, list | None) and isinstance(self.stop_token_ids, list | None)


SamplingParams.__struct_fields__ = tuple(one.name for one in fields(SamplingParams))


@dataclass
class AsyncEngineArgs:
    model: str
    dtype: str = "auto"
    max_model_len: int | None = None
    tensor_parallel_size: int = 1
    gpu_memory_utilization: float = 0.9
    trust_remote_code: bool = False
    enable_prefix_caching: bool | None = None
    disable_log_stats: bool = False


@dataclass
class Logprob:
    logprob: float
    rank: int
    decoded_token: str | None = None


@dataclass
class CompletionOutput:
    text: str
    token_ids: list[int]
    finish_reason: str
    index: int = 0


@dataclass
class RequestOutput:
    request_id: str
    prompt_token_ids: list[int]
    prompt_logprobs: list[dict[int, Logprob] | None] | None
    outputs: list[CompletionOutput]
    num_cached_tokens: int
    finished: bool = True


@dataclass
class AsyncLLMEngine:
    """`asked` keeps every request; what is put into `breaks` is raised where it says."""

    arguments: AsyncEngineArgs
    network: Any
    tokenizer: Any
    asked: list[tuple[list[int], SamplingParams]] = field(default_factory=list)
    kept: set[tuple[int, ...]] = field(default_factory=set)
    ids: set[str] = field(default_factory=set)
    running: int = 0
    stopped: bool = False
    latest: ClassVar["AsyncLLMEngine"]
    breaks: ClassVar[dict[str, Exception]] = {}
    reason: ClassVar[str] = ""
    """What a request is said to end with, where it is no true one."""

    @classmethod
    def from_engine_args(cls, engine_args: AsyncEngineArgs) -> "AsyncLLMEngine":
        import transformers

        if "start" in cls.breaks:
            raise cls.breaks["start"]
        config = transformers.AutoConfig.from_pretrained(engine_args.model)
        length = engine_args.max_model_len or 0
        if length > config.max_position_embeddings:
            raise ValueError(f"User-specified max_model_len ({length}) is greater than the derived max_model_len")
        assert engine_args.enable_prefix_caching and engine_args.disable_log_stats
        network = transformers.AutoModelForCausalLM.from_pretrained(engine_args.model).eval()
        cls.latest = cls(engine_args, network, transformers.AutoTokenizer.from_pretrained(engine_args.model))
        return cls.latest

    async def generate(
        self, prompt: dict[str, Any], sampling_params: SamplingParams, request_id: str
    ) -> AsyncIterator[RequestOutput]:
        if self.stopped:
            raise EngineDeadError("EngineCore encountered an issue. See stack trace (above) for the root cause.")
        ids, how = prompt["prompt_token_ids"], sampling_params
        assert set(prompt) == {"prompt_token_ids"} and all(type(i) is int for i in ids)
        assert request_id not in self.ids and how.output_kind is RequestOutputKind.FINAL_ONLY and how.n == 1
        self.ids.add(request_id)
        self.asked.append((ids, how))
        length = self.arguments.max_model_len or 0
        if not 0 < len(ids) < length:
            told = f"The decoder prompt (length {len(ids)}) is longer than the maximum model length of {length}."
            raise EngineGenerateError from ValueError(told)
        if "request" in self.breaks:
            raise self.breaks["request"]
        self.running += 1
        try:
            await asyncio.sleep(0)
            found = [] if how.prompt_logprobs is None else self._entries(ids)
            cached = self._cached(ids, read=how.prompt_logprobs is None)
            answer = self._answer(ids, how, length)
            yield RequestOutput(request_id, ids, found or None, [answer], cached)
        finally:
            self.running -= 1

    def shutdown(self) -> None:
        self.stopped = True

    def _logits(self, ids: list[int]) -> Any:
        import torch

        with torch.inference_mode():
            return self.network(torch.tensor([ids]), use_cache=False).logits[0].float().log_softmax(-1)

    def _entries(self, ids: list[int]) -> list[dict[int, Logprob] | None]:
        table = self._logits(ids)
        out: list[dict[int, Logprob] | None] = [None]
        for row, token in zip(table, ids[1:], strict=False):
            best = int(row.argmax())
            out.append({one: Logprob(float(row[one]), int((row >= row[one]).sum())) for one in (token, best)})
        return out

    def _cached(self, ids: list[int], read: bool) -> int:
        """Whole blocks that were read before; requests for the prompt's log-probabilities do not look."""
        beginnings = [tuple(ids[:end]) for end in range(BLOCK, len(ids), BLOCK)]
        found = [len(one) for one in beginnings if one in self.kept]
        self.kept.update(beginnings)
        return max(found, default=0) if read else 0

    def _answer(self, ids: list[int], how: SamplingParams, length: int) -> CompletionOutput:
        import torch

        draws = torch.Generator().manual_seed(how.seed or 0)
        out: list[int] = []
        ends = set(how.stop_token_ids or ()) | (set() if how.ignore_eos else {self.tokenizer.eos_token_id})
        reason = "length"
        while len(out) < (how.max_tokens or 0) and len(ids) + len(out) < length:
            row = self._logits(ids + out)[-1]
            token = int(row.argmax())
            if how.temperature > 0 and how.top_k != 1:
                token = int(torch.multinomial((row / how.temperature).softmax(-1), 1, generator=draws))
            out.append(token)
            if token in ends or any(stop in self._text(out) for stop in how.stop or ()):
                reason = "stop"
                break
        text = self._text([one for one in out if one not in ends]) if how.detokenize else ""
        places = [place for place in (text.find(stop) for stop in how.stop or ()) if place >= 0]
        return CompletionOutput(text[: min(places)] if places else text, out, self.reason or reason)

    def _text(self, ids: list[int]) -> str:
        text: str = self.tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        return text


@contextmanager
def installed(folder: Path) -> Iterator[type[AsyncLLMEngine]]:
    """`import vllm` gives the stub; `folder` holds what says that it is installed."""
    about = folder / f"vllm-{VERSION}.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: vllm\nVersion: {VERSION}\n")
    package, sampling = ModuleType("vllm"), ModuleType("vllm.sampling_params")
    package.__spec__ = ModuleSpec("vllm", None, is_package=True)
    vars(sampling).update(RequestOutputKind=RequestOutputKind, StructuredOutputsParams=StructuredOutputsParams)
    names = SimpleNamespace(
        AsyncEngineArgs=AsyncEngineArgs, AsyncLLMEngine=AsyncLLMEngine, SamplingParams=SamplingParams
    )
    vars(package).update(vars(names), sampling_params=sampling, __path__=[], __version__=VERSION)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        patch.setitem(sys.modules, "vllm", package)
        patch.setitem(sys.modules, "vllm.sampling_params", sampling)
        patch.setenv("VLLM_LOGGING_LEVEL", "ERROR")
        patch.setenv("VLLM_NO_USAGE_STATS", "1")
        yield AsyncLLMEngine

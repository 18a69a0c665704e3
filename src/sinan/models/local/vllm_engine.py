"""vLLM's asynchronous engine in this process: started, asked, stopped; what it raises is said in one line.

Of the package these names are used, as versions from 0.10 on have them: `AsyncEngineArgs`, `AsyncLLMEngine`,
`SamplingParams`, `sampling_params.RequestOutputKind`.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import Any

from sinan.errors import MissingExtra, ModelError, ModelUnusable, RequestRejected, TransientError

QUIET = {"VLLM_LOGGING_LEVEL": "ERROR", "VLLM_NO_USAGE_STATS": "1"}
"""Set in the environment where the user has not said otherwise: no lines between ours, and nothing reported home."""
NO_GPU = ("failed to infer device type", "no cuda gpus", "no cuda-capable", "no nvidia driver", "libcuda")
NO_ROOM = ("out of memory", "free memory on device", "no available memory", "kv cache", "max seq len")
UNKNOWN = ("architectures", "does not recognize this architecture", "no vllm implementation")


@dataclass(frozen=True, slots=True)
class EngineWish:
    """How an engine is to be started."""

    name: str
    """As in results."""
    folder: Path
    length: int
    """Tokens of a prompt with its answer, at most."""
    dtype: str = "auto"
    tensor_parallel: int = 1
    """GPUs that hold one network together."""
    gpu_memory: float | None = None
    """Part of a GPU's memory, in (0, 1]; None: as the engine likes."""
    trust: bool = False


def require(name: str) -> None:
    """Raises MissingExtra where the package is not installed. It is not loaded."""
    if find_spec("vllm") is None:
        raise MissingExtra(name, "vllm", "vllm")


def library(name: str) -> Any:
    """The package, told to keep quiet. Raises MissingExtra, and ModelUnusable where it is broken."""
    require(name)
    for key, value in QUIET.items():
        os.environ.setdefault(key, value)
    try:
        import vllm
        import vllm.sampling_params
    except Exception as error:  # such as a library of the GPU's driver that is not there
        raise ModelUnusable(f"{name}: vLLM cannot be loaded: {_reason(error)}") from error
    return vllm


def started(wish: EngineWish) -> "Engine":
    """An engine with the weights in memory; takes a minute or more. Raises MissingExtra and ModelUnusable."""
    vllm = library(wish.name)
    more = {} if wish.gpu_memory is None else {"gpu_memory_utilization": wish.gpu_memory}
    try:
        arguments = vllm.AsyncEngineArgs(
            model=str(wish.folder),
            dtype=wish.dtype,
            max_model_len=wish.length,
            tensor_parallel_size=wish.tensor_parallel,
            trust_remote_code=wish.trust,
            enable_prefix_caching=True,
            disable_log_stats=True,
            **more,
        )
        return Engine(wish.name, vllm, vllm.AsyncLLMEngine.from_engine_args(arguments))
    except Exception as error:
        raise ModelUnusable(f"{wish.name}: vLLM does not start: {_reason(error)}") from error


class Engine:
    """A running engine. Requests of one event loop at a time; it schedules and batches them itself."""

    def __init__(self, name: str, vllm: Any, engine: Any) -> None:
        self.name, self._vllm, self._engine = name, vllm, engine
        self._numbers = count()

    @property
    def fields(self) -> tuple[str, ...]:
        """Names of the parameters that this version of the engine knows."""
        return tuple(name for name in self._vllm.SamplingParams.__struct_fields__ if not name.startswith("_"))

    def parameters(self, **given: Any) -> Any:
        """Sampling parameters of one answer that comes whole. Raises RequestRejected for a value that is refused."""
        try:
            return self._vllm.SamplingParams(
                n=1, output_kind=self._vllm.sampling_params.RequestOutputKind.FINAL_ONLY, **given
            )
        except (TypeError, ValueError) as error:
            raise RequestRejected(f"{self.name}: {_line(error)}") from None

    def held_to(self, schema: dict[str, Any]) -> dict[str, Any]:
        """The parameter that holds an answer to a JSON schema; empty where this version has none."""
        kind = getattr(self._vllm.sampling_params, "StructuredOutputsParams", None)
        return {} if kind is None else {"structured_outputs": kind(json=schema)}

    async def read(self, ids: Sequence[int], parameters: Any) -> Any:
        """The engine's whole output for one prompt. Raises ModelError."""
        prompt = {"prompt_token_ids": list(ids)}
        try:
            async with aclosing(self._engine.generate(prompt, parameters, f"sinan-{next(self._numbers)}")) as stream:
                outputs = [output async for output in stream]
        except Exception as error:
            raise self._told(error) from error
        if not outputs or not outputs[-1].finished:
            raise TransientError(f"{self.name}: vLLM ended a request without an output")
        return outputs[-1]

    def close(self) -> None:
        """Stop the engine's processes and give the memory back."""
        self._engine.shutdown()

    def _told(self, error: Exception) -> ModelError:
        chain = list(_chain(error))
        if any(type(one).__name__ == "EngineDeadError" for one in chain):
            return ModelUnusable(
                f"{self.name}: vLLM's engine has stopped; its own lines above say why. Most often its memory ran out: "
                "gpu_memory=0.8, or a smaller max_length"
            )
        if any(isinstance(one, ValueError) or _is_refusal(one) for one in chain):
            return RequestRejected(f"{self.name}: {_line(chain[-1])}")
        return TransientError(f"{self.name}: vLLM gave no answer: {type(chain[-1]).__name__}: {_line(chain[-1])}")


def _is_refusal(error: BaseException) -> bool:
    """Whether the engine says that it is the request that is wrong."""
    return any(kind.__name__ == "VLLMClientError" for kind in type(error).__mro__)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """An error and what it came of."""
    while error is not None:
        yield error
        error = error.__cause__


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__


def _reason(error: BaseException) -> str:
    """Why it cannot be used, and the remedy."""
    chain = list(_chain(error))
    told = " ".join(str(one) for one in chain).lower()
    if any(sign in told for sign in NO_GPU):
        return "it finds no GPU here (sinan doctor). Remedy: a machine with one, or the same weights as hf/..."
    if any(sign in told for sign in NO_ROOM):
        return (
            "it does not fit into the GPU's memory. Remedy: a smaller max_length, gpu_memory=0.95, dtype=bfloat16, or "
            "tensor_parallel=2 where there are more GPUs"
        )
    if "trust_remote_code" in told:
        return "the model brings code of its own, which runs only with trust_remote_code=1 (read that code first)"
    if any(sign in told for sign in UNKNOWN):
        return (
            "this vLLM does not know the model's architecture. A newer one may (pip install -U vllm), or transformers "
            "does: hf/..."
        )
    if "engine core initialization failed" in told:
        return (
            "its engine broke off; its own lines above say why. Most often memory: a smaller max_length, "
            "gpu_memory=0.8 where something else uses the GPU, tensor_parallel=2"
        )
    return f"{type(chain[-1]).__name__}: {_line(chain[-1])}"

"""The version of a benchmark: a hash of everything that decides its numbers, and of nothing else.

The file that defines it, its data, and under the chosen protocol the prompt, the solver and the scorer: each with
its settings (its repr) and the code of its room that it rests on. A changed comment changes it; another day does not.
"""

import hashlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sinan.types import Benchmark


def version(benchmark: Benchmark, protocol_name: str) -> str:
    """Twelve hex digits."""
    digest = hashlib.sha256()
    for part in _parts(benchmark, protocol_name):
        digest.update(hashlib.sha256(part).digest())
    return digest.hexdigest()[:12]


def _parts(benchmark: Benchmark, protocol_name: str) -> Iterator[bytes]:
    dataset, protocol = benchmark.dataset, benchmark.protocols[protocol_name]
    if benchmark.file:
        yield Path(benchmark.file).read_bytes()
    yield "\n".join(sorted({source.sha256 for source in dataset.files})).encode()
    yield f"{dataset.fingerprint}\n{dataset.subsets}".encode()
    for read in _layers(dataset.read):
        yield from _code(getattr(read, "func", read))
    for part in (protocol.prompt, protocol.solver, protocol.scorer):
        yield re.sub(r" at 0x[0-9a-f]+", "", repr(part)).encode()
        for layer in _layers(part):
            yield from _code(type(layer))
    yield repr((protocol.sampling, protocol.chat_sampling, protocol.shots, benchmark.metric.name)).encode()
    if protocol.few_shot:
        yield getattr(protocol.few_shot, "__qualname__", repr(protocol.few_shot)).encode()
        yield from _code(protocol.few_shot)


def _layers(part: Any) -> Iterator[Any]:
    """A part, and what it is wrapped around: the part in its `inner`, and so on."""
    while part is not None:
        yield part
        part = getattr(part, "inner", None)


def _code(thing: object) -> Iterator[bytes]:
    """The module that defines a class or function, and the modules of the same room that it uses, sorted by name."""
    found: set[str] = set()
    waiting = {getattr(thing, "__module__", "")}
    while waiting:
        name = waiting.pop()
        found.add(name)
        waiting |= {used for used in _used(name) if _room(used) == _room(name)} - found
    for name in sorted(found):
        file = getattr(sys.modules.get(name), "__file__", None)
        if file and Path(file).is_file():
            yield Path(file).read_bytes()


def _used(module: str) -> set[str]:
    values = vars(sys.modules[module]).values() if module in sys.modules else ()
    return {str(getattr(value, "__module__", "")) for value in values}


def _room(module: str) -> str:
    """`sinan.scoring.number` is in the room `sinan.scoring`; a module outside of sinan is a room by itself."""
    return ".".join(module.split(".")[:2]) if module.startswith("sinan.") else module

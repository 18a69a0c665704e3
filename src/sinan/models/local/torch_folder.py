"""Where a model's files are, and what they are: a folder of this machine, or a snapshot of the Hugging Face hub."""

import errno
import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sinan import settings
from sinan.errors import MissingExtra, ModelUnusable

SMALL = ("*.json", "*.jinja", "*.model", "*.txt", "*.tiktoken", "*.py")
TOKENIZER = ("tokenizer.json", "tokenizer.model", "tokenizer_config.json", "vocab.json", "merges.txt", "vocab.txt")
TEMPLATES = ("chat_template.jinja", "chat_template.json")


def is_folder(name: str) -> bool:
    """Whether a name means a folder of this machine and no id of the hub."""
    path = Path(name).expanduser()
    return path.is_dir() or name.startswith(("/", "./", "../", "~", ".\\")) or name in (".", "..")


def folder(spec: str, name: str, revision: str | None, weights: bool) -> Path:
    """The folder of a model; what is missing of a hub's model is fetched, its `weights` only where they are wanted.

    Raises ModelUnusable where there is none: the line says why.
    """
    if is_folder(name):
        path = Path(name).expanduser()
        if not path.is_dir():
            raise ModelUnusable(f"{spec}: there is no folder {path}")
        return path
    if not re.fullmatch(r"[\w.-]+(/[\w.-]+)?", name):
        raise ModelUnusable(f"{spec}: {name} is neither a folder here nor an id of the hub (OWNER/NAME)")
    try:
        import huggingface_hub
        from huggingface_hub.utils.tqdm import disable_progress_bars
    except ImportError:
        raise MissingExtra(spec, "huggingface_hub", "hf") from None
    disable_progress_bars()
    try:
        return _snapshot(huggingface_hub, name, revision, weights)
    except Exception as error:
        raise ModelUnusable(f"{spec}: {_reason(huggingface_hub, spec, name, revision, error)}") from error


def has_template(path: Path) -> bool:
    """Whether the tokenizer has a chat template; nothing heavy is loaded for it."""
    return any((path / file).is_file() for file in TEMPLATES) or "chat_template" in read_json(
        path / "tokenizer_config.json"
    )


def promises_bos(path: Path) -> bool:
    """Whether tokenizer_config.json says that texts begin with the beginning-of-text token. The library may not heed
    it, and then forgets that it was there."""
    return read_json(path / "tokenizer_config.json").get("add_bos_token") is True


def digests(path: Path) -> dict[str, str]:
    """sha256 of the weights, of the tokenizer, of the chat template, and of the settings that come with them."""
    weights = sorted(one for one in path.iterdir() if one.suffix == ".safetensors")
    weights = weights or sorted(one for one in path.iterdir() if one.suffix == ".bin")
    shown = read_json(path / "tokenizer_config.json").get("chat_template")
    templates = [file.read_bytes() for file in (path / name for name in TEMPLATES) if file.is_file()]
    templates += [json.dumps(shown, sort_keys=True).encode()] if shown else []
    settings_ = [path / "config.json", path / "generation_config.json"]
    return {
        "weights_sha256": _together(_digest(one) for one in weights),
        "tokenizer_sha256": _together(_digest(path / one) for one in TOKENIZER if (path / one).is_file()),
        "template_sha256": _together(hashlib.sha256(one).hexdigest() for one in templates),
        "config_sha256": _together(_digest(one) for one in settings_ if one.is_file()),
    }


def _together(digests: Iterator[str]) -> str:
    parts = list(digests)
    return parts[0] if len(parts) == 1 else hashlib.sha256("\n".join(parts).encode()).hexdigest() if parts else ""


def _digest(path: Path) -> str:
    """sha256 of a file. That of a large one is kept beside its size and time: weights are hashed once."""
    real = path.resolve()
    if re.fullmatch(r"[0-9a-f]{64}", real.name) and real.parent.name == "blobs":
        return real.name  # the hub's own cache names files by their sha256
    stat = real.stat()
    if stat.st_size < 16 << 20:
        return hashlib.sha256(real.read_bytes()).hexdigest()
    kept = settings.load().cache / "weights.json"
    table, key = read_json(kept), str(real)
    found = table.get(key)
    if isinstance(found, list) and found[:2] == [stat.st_size, stat.st_mtime_ns]:
        return str(found[2])
    with real.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    _write(kept, read_json(kept) | {key: [stat.st_size, stat.st_mtime_ns, digest]})
    return digest


def _write(path: Path, table: dict[str, Any]) -> None:
    """Never fails: what is not kept is hashed again."""
    temporary = path.with_suffix(f".{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(json.dumps(table), "utf-8")
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object; empty where there is none."""
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _snapshot(hub: Any, name: str, revision: str | None, weights: bool) -> Path:
    """The files that are here already, where these are all; else they are fetched."""
    kinds = (*SMALL, *(("*.safetensors",) if weights else ()))
    try:
        here = Path(hub.snapshot_download(name, revision=revision, allow_patterns=kinds, local_files_only=True))
        if not weights or any(one.suffix in (".safetensors", ".bin") for one in here.iterdir()):
            return here
    except hub.errors.LocalEntryNotFoundError:
        pass
    files = hub.HfApi().model_info(name, revision=revision, files_metadata=True).siblings
    if weights and not any(one.rfilename.endswith(".safetensors") for one in files):
        kinds = (*SMALL, "*.bin")
    size = sum(one.size or 0 for one in files if any(Path(one.rfilename).match(kind) for kind in kinds))
    there = Path(hub.constants.HF_HUB_CACHE)
    there.mkdir(parents=True, exist_ok=True)
    if size > shutil.disk_usage(there).free:
        raise OSError(errno.ENOSPC, f"{size / 1e9:.1f} GB are needed in {there}")
    return Path(hub.snapshot_download(name, revision=revision, allow_patterns=kinds))


def _reason(hub: Any, spec: str, name: str, revision: str | None, error: Exception) -> str:
    errors = hub.errors
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return f"the disk is full: {error.strerror}. Free some space, or set HF_HOME to a larger disk"
    if isinstance(error, errors.GatedRepoError):
        return f"{name} is given only to accounts that were granted it: accept its terms on the hub and set HF_TOKEN"
    if isinstance(error, errors.RevisionNotFoundError):
        return f"{name} has no revision {revision} on the hub"
    if isinstance(error, errors.RepositoryNotFoundError):
        return f"{name} is no folder here, and the hub has no such model (a private one needs HF_TOKEN)"
    if isinstance(error, errors.OfflineModeIsEnabled) or not isinstance(error, errors.HfHubHTTPError):
        return (
            f"{name} is no folder here, is not in the hub's cache, and the hub cannot be reached "
            f"({type(error).__name__}). Remedy: name the folder of its weights, {spec.partition('/')[0]}/PATH"
        )
    return f"the hub does not give {name}: {' '.join(str(error).split())[:200]}"

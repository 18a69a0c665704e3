"""An experiment file: what `sinan run` is told, kept in a file that can be read, shared and run again.

    targets = ["gsm8k", "mmlu"]
    models = ["needle/m", "openai/NAME?base_url=http://127.0.0.1:8000/v1"]
    limit = 200            # as the options of run: limit, shots, few_shot, system, samples, seed, protocol, stop...
    [parameters]
    temperature = 0

What the command line says goes before what the file says.
"""

import tomllib
from pathlib import Path
from typing import Any

from sinan.errors import BadFile

KINDS: dict[str, type | tuple[type, ...]] = {
    "targets": list,
    "models": list,
    "limit": int,
    "shots": int,
    "few_shot": str,
    "shots_as": str,
    "system": str,
    "prefill": str,
    "rotate": bool,
    "perturb": list,
    "vary": list,
    "variants": int,
    "samples": int,
    "seed": int,
    "protocol": str,
    "scorer": str,
    "cluster": str,
    "judge": list,
    "stop": list,
    "alpha": float,
    "warm": bool,
    "adaptive": bool,
    "parameters": dict,
}


def read(path: Path) -> dict[str, Any]:
    """The file's table, checked. Raises BadFile."""
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise BadFile(f"{path} is not there") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise BadFile(f"{path} cannot be read as an experiment: {error}") from None
    for key, value in table.items():
        _check(path, key, value)
    if not table.get("targets"):
        raise BadFile(f"{path}: an experiment needs targets, such as targets = ['gsm8k']")
    return table


def _check(path: Path, key: str, value: Any) -> None:
    if key not in KINDS:
        raise BadFile(f"{path}: {key} is no setting of an experiment. It has: {', '.join(KINDS)}")
    if not isinstance(value, KINDS[key]) or (isinstance(value, bool) and KINDS[key] is not bool):
        raise BadFile(f"{path}: {key} = {value!r} is of the wrong kind")
    if isinstance(value, list) and not (value and all(isinstance(item, str) and item for item in value)):
        raise BadFile(f"{path}: {key} must be a list of names")
    if isinstance(value, int) and not isinstance(value, bool) and value < (1 if key in ("limit", "samples") else 0):
        raise BadFile(f"{path}: {key} = {value} is too small")

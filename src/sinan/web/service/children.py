"""Begins the process that asks models for a job, and hands it what it must know: on its standard input alone.

Its environment holds what libraries need to be found, and no secret of the site.
"""

import os
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from sinan.web.config import Config
from sinan.web.failures import Failure, TooMany
from sinan.web.service import orders
from sinan.web.service.keys import Key, of_order

ENVIRONMENT = (
    "PATH", "PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TMPDIR", "TZ",
    "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "SINAN_CACHE", "SINAN_MIRROR", "SSL_CERT_FILE", "SSL_CERT_DIR",
    "LD_LIBRARY_PATH", "OMP_NUM_THREADS", "SINAN_SANDBOX",
)  # fmt: skip
"""What is passed on; everything else stays here."""
LINE = 1 << 20
WITHIN_S = 30.0
_at_once = threading.BoundedSemaphore(2)


def document(
    config: Config, what: str, order: Mapping[str, Any], keys: Mapping[int, Key], **more: Any
) -> dict[str, Any]:
    """What the process is told. Raises Failure where a key would be sent elsewhere than it was given for."""
    for model in (*order["models"], *order.get("judges", ())):
        if model.get("key") is not None:
            orders.refuse_elsewhere(model, keys[int(model["key"])].origin)
    numbers = sorted(of_order(order))
    told: dict[str, Any] = {"what": what, "order": dict(order), "runs": str(config.runs.absolute())}
    site = config.site.absolute()
    told["files"] = {target: str(site / file) for target, file in (order.get("files") or {}).items()}
    told["keys"] = {orders.key_name(number, numbers): keys[number].secret for number in numbers}
    told["networks"] = [str(one) for one in config.networks]
    return told | more


def begin(told: Mapping[str, Any]) -> "subprocess.Popen[bytes]":
    """The process, in a session of its own. It lives no longer than the thread that calls this, and than its standard
    input is held open."""
    process = subprocess.Popen(
        [sys.executable, "-m", "sinan.web.service.asking"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={name: os.environ[name] for name in ENVIRONMENT if name in os.environ},
        cwd=Path(told["runs"]),
        start_new_session=True,
    )
    assert process.stdin is not None
    try:
        process.stdin.write(orjson.dumps(told) + b"\n")
        process.stdin.flush()
    except BrokenPipeError:
        pass
    return process


class Tail(threading.Thread):
    """Reads what a process says on standard error, and keeps the end of it."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        super().__init__(daemon=True)
        self._file, self._kept = process.stderr, deque[bytes](maxlen=40)
        self.start()

    def run(self) -> None:
        """Until it ends."""
        assert self._file is not None
        while line := self._file.readline(4096):
            self._kept.append(line)

    def text(self, keys: Mapping[str, str]) -> str:
        """The end of it, without the keys."""
        self.join(timeout=1)
        found = b"".join(self._kept).decode("utf-8", "replace")
        for key in keys.values():
            found = found.replace(key, "***") if len(key) >= 4 else found
        return found


def answer(told: Mapping[str, Any], within_s: float = WITHIN_S) -> dict[str, Any]:
    """What a process says that has one thing to say: an estimate, a trial. Raises Failure, TooMany."""
    if not _at_once.acquire(timeout=5):
        raise TooMany("several estimates are being made at this moment; try again", 5)
    try:
        process = begin(told)
        try:
            out = _last_line(process, within_s, told["keys"])
        finally:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout, process.stderr):
                if pipe is not None:
                    pipe.close()
    finally:
        _at_once.release()
    if "error" in out:
        raise Failure(out["error"])
    return out


def _last_line(process: "subprocess.Popen[bytes]", within_s: float, keys: Mapping[str, str]) -> dict[str, Any]:
    tail = Tail(process)
    found: list[bytes] = []
    assert process.stdout is not None
    reader = threading.Thread(target=lambda: found.append(process.stdout.readline(LINE)), daemon=True)  # type: ignore[union-attr]
    reader.start()
    reader.join(within_s)
    if not found:
        raise Failure(f"no answer within {within_s:g} s. Remedy: fewer questions, or another address")
    try:
        told: dict[str, Any] = orjson.loads(found[0])
    except orjson.JSONDecodeError:
        sys.stderr.write(tail.text(keys) if not found[0] else "")
        raise Failure("the process that should find this out has failed; the server's log says more") from None
    return told

"""Starting the stand-in server, and asking it what it saw.

While it serves, it has the last processor to itself, and this process with all that it starts has the others: what is
measured is then the client's own work. Where there is one processor, they share it.
"""

import contextlib
import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from processes import Violation
from server import Behaviour


@dataclass(frozen=True)
class StandIn:
    """A server that runs."""

    behaviour: Behaviour
    port: int

    @property
    def url(self) -> str:
        """Its address, as clients are given it."""
        return f"http://127.0.0.1:{self.port}/v1"

    def model(self, name: str = "mock") -> str:
        """It as a model of sinan."""
        return f"openai/{name}?base_url={self.url}"

    def stats(self) -> dict[str, Any]:
        """What happened since `forget`."""
        stats: dict[str, Any] = self._get("/stats")
        return stats

    def counts(self) -> dict[int, int]:
        """How often each question was asked since `forget`."""
        return {int(i): n for i, n in self._get("/counts").items()}

    def forget(self) -> None:
        """Begin to count anew."""
        self._get("/forget")

    def left_alone(self) -> None:
        """Wait until the connections of a client that was killed are gone: by then all it sent is counted."""
        deadline = time.monotonic() + 30
        while self.stats()["open"] > 1:
            if time.monotonic() > deadline:
                raise Violation("a killed run left processes behind: 30 s later they still hold connections")
            time.sleep(0.01)

    def _get(self, path: str) -> Any:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=60) as response:
            return json.load(response)


@contextlib.contextmanager
def serving(behaviour: Behaviour) -> Iterator[StandIn]:
    """The server, from when it listens until the block ends."""
    command = [sys.executable, str(Path(__file__).with_name("server.py")), json.dumps(asdict(behaviour))]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        if not line:
            raise SystemExit(f"the stand-in server did not start: {command}")
        with _apart(process.pid):
            yield StandIn(behaviour, int(line))
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@contextlib.contextmanager
def _apart(server: int) -> Iterator[None]:
    """The last processor for the server, the others for this process and its children."""
    mine = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    if len(mine) < 2:
        yield
        return
    os.sched_setaffinity(server, mine[-1:])
    os.sched_setaffinity(0, mine[:-1])
    try:
        yield
    finally:
        os.sched_setaffinity(0, mine)

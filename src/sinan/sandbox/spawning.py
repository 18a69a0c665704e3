"""Starts a jail's first process, with nothing of this process but three descriptors."""

import json
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import IO

from sinan.sandbox import archive

Command = Callable[[Sequence[str], int], Sequence[str]]
"""From the worker's own command, and the descriptor for the jail's account of itself, to what is started."""


@dataclass(frozen=True, slots=True)
class Spawning:
    """How to start a worker."""

    command: Command
    environment: dict[str, str]
    uid: int | None = None
    """The user to become, where we are root."""
    staged: tuple[str, ...] = ()
    """Paths that this user could not reach; shown at STAGE/0, STAGE/1 ..."""
    stage: str = ""
    cgroups: tuple[str, ...] = ()
    """Folders of control groups to enter."""

    def __call__(self, control: socket.socket, info: int, errors: IO[bytes]) -> "subprocess.Popen[bytes]":
        """Start it. `control` is the worker's end of the socket."""
        with archive.opened() as packed:
            runnable = f"/proc/self/fd/{packed}"
            command = self.command([sys.executable, "-P", runnable, str(control.fileno())], info)
            if self.uid is not None:
                command = [sys.executable, "-I", "-S", runnable, "launch", self._order(command)]
            return subprocess.Popen(
                command,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=errors,
                stderr=errors,
                pass_fds=(control.fileno(), info, packed),
                cwd="/",
                start_new_session=True,  # an interrupt at the terminal is for sinan, which then ends the jail
            )

    def _order(self, command: Sequence[str]) -> str:
        order = {"argv": list(command), "uid": self.uid, "staged": self.staged, "stage": self.stage}
        return json.dumps(order | {"cgroups": self.cgroups})

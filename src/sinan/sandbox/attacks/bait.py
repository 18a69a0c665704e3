"""What attacks are after: a secret file, servers, a process with a secret in its environment. All of it is on this
machine alone, and gone afterwards."""

import contextlib
import os
import secrets
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from sinan.sandbox import filter as refused


class Bait:
    """Set out on entry, taken in on exit."""

    def __init__(self) -> None:
        self.marker = secrets.token_hex(16)
        self._stack = contextlib.ExitStack()
        self._servers: list[tuple[str, socket.socket]] = []

    def __enter__(self) -> "Bait":
        with contextlib.ExitStack() as stack:
            self.folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sinan-bait-")))
            self.folder.chmod(0o777)
            self._secret = self.folder / "id_ed25519"
            self._secret.write_text(self.marker)
            self._secret.chmod(0o644)
            self.abstract = f"sinan-bait-{self.marker[:8]}"
            self.tcp = self._serve(stack, "TCP", socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0))
            self.udp = self._serve(stack, "UDP", socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0))
            path = str(self.folder / "socket")
            self._serve(stack, "a unix socket", socket.AF_UNIX, socket.SOCK_STREAM, path)
            self._serve(stack, "an abstract socket", socket.AF_UNIX, socket.SOCK_STREAM, f"\0{self.abstract}")
            Path(path).chmod(0o777)
            sleeper = [shutil.which("sleep") or "sleep", "1000"]
            self._decoy = subprocess.Popen(sleeper, env={"API_KEY": self.marker}, start_new_session=True)
            stack.callback(self._decoy.wait)
            stack.callback(self._decoy.kill)
            self._before = self._state()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *exception: object) -> None:
        self._stack.close()

    def told(self) -> dict[str, Any]:
        """What an attack knows beforehand."""
        return {
            "secret": str(self._secret),
            "folder": str(self.folder),
            "tcp": self.tcp,
            "udp": self.udp,
            "socket": str(self.folder / "socket"),
            "abstract": self.abstract,
            "pids": [self._decoy.pid, os.getpid()],
            "home": str(Path("~").expanduser()),
            "mark": f"left-{self.marker[:8]}",
            "calls": refused.numbers(),
        }

    def taken(self) -> list[str]:
        """What was touched since the last look, each in words."""
        found = []
        for name, server in self._servers:
            with contextlib.suppress(OSError):
                if server.type == socket.SOCK_DGRAM:
                    server.recv(1)
                else:
                    server.accept()[0].close()
                found.append(f"reached {name} of this machine")
        if self._decoy.poll() is not None:
            found.append("ended a process outside")
        if (state := self._state()) != self._before:
            self._before = state
            found.append("changed files outside")
        if any(self._left(path) for path in Path("/proc").iterdir() if path.name.isdigit()):
            found.append("left a process behind")
        return found

    def _left(self, process: Path) -> bool:
        with contextlib.suppress(OSError):
            return f"left-{self.marker[:8]}".encode() in (process / "cmdline").read_bytes().split(b"\0")
        return False

    def _state(self) -> object:
        if not self._secret.exists():
            return None
        status = self._secret.stat()
        names = sorted(path.name for path in self.folder.iterdir())
        return names, status.st_mode, status.st_mtime, status.st_nlink, status.st_size, self._secret.read_text()

    def _serve(self, stack: contextlib.ExitStack, name: str, family: int, kind: int, place: Any) -> int:
        """The port, where there is one."""
        server = stack.enter_context(socket.socket(family, kind))
        server.bind(place)
        server.setblocking(False)
        if kind == socket.SOCK_STREAM:
            server.listen()
        self._servers.append((name, server))
        return int(server.getsockname()[1]) if family == socket.AF_INET else 0

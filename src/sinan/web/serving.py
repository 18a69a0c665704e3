"""`sinan serve`: the site, and beside it the processes that carry out jobs and make boards.

One process answers; each worker and the maker of boards is a process of its own, begun again where it dies, and gone
when the site goes: they hold the end of a pipe whose other end dies with it.
"""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import orjson
import uvicorn

from sinan.errors import SinanError, UsageError
from sinan.web import warming
from sinan.web.app import application
from sinan.web.config import Config, is_loopback, to_json
from sinan.web.connections import Bounds, guarded
from sinan.web.service import backup, shelf
from sinan.web.site import Site, opened

BESIDE = ("sinan.web.service.worker", "sinan.web.service.maker")
"""Modules of the processes beside the site."""
RESTART_S = 1.0


def serve(
    config: Config,
    notice: Callable[[str], None],
    ready: Callable[[str, str], None],
    public: bool = False,
    backups: Path | None = None,
) -> int:
    """Answer until SIGINT or SIGTERM. `ready` hears the address, and the code that the first account takes where there
    is none. Raises UsageError, StoreError before anything is bound: beyond this machine without an account, an address
    in use, a database that cannot be used. `backups`: a folder that gets a backup every day."""
    site = opened(config)
    _refuse_open_house(site)
    sockets = [_bound(config)]
    port = sockets[0].getsockname()[1]
    shelf.index(site.database, site.runs, public=public)
    beside = Beside(config, notice)
    beside.start()
    if backups is not None:
        threading.Thread(target=_daily, args=(site, backups, notice), daemon=True).start()
    _room_for_connections()
    warming.begin()
    server = uvicorn.Server(
        uvicorn.Config(
            application(site),
            http=guarded(Bounds(free=config.proxies)),
            ws="none",
            log_level="warning",
            access_log=False,
            server_header=False,
            date_header=True,
            proxy_headers=False,
            timeout_keep_alive=15,
            timeout_graceful_shutdown=5,
            limit_concurrency=2000,
            h11_max_incomplete_event_size=32 * 1024,
        )
    )
    host = f"[{config.host}]" if ":" in config.host else config.host
    ready(f"http://{host}:{port}", "" if site.has_accounts else site.setup_code)
    try:
        server.run(sockets=sockets)
    finally:
        beside.stop()
    return 0


def _daily(site: Site, folder: Path, notice: Callable[[str], None]) -> None:
    while True:
        try:
            backup.nightly(site.database, site.config.site, folder)
        except SinanError as error:
            notice(str(error))
        time.sleep(600)


def _room_for_connections() -> None:
    """A process may open 1,024 files where nothing else was said: fewer than the connections that are taken."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 8192 if hard == resource.RLIM_INFINITY else min(hard, 8192)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _refuse_open_house(site: Site) -> None:
    if not is_loopback(site.config.host) and not site.has_accounts:
        raise UsageError(
            f"--host {site.config.host} reaches beyond this machine, and no account exists: whoever comes would see "
            "every run. Remedy: make an account first, with sinan user add NAME --role admin"
        )


def _bound(config: Config) -> socket.socket:
    try:
        family = socket.getaddrinfo(config.host, config.port, type=socket.SOCK_STREAM)[0][0]
        found = socket.socket(family, socket.SOCK_STREAM)
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind((config.host, config.port))
        found.listen(2048)  # who hears the address may connect at once
    except OSError as error:
        raise UsageError(
            f"cannot answer at {config.host}:{config.port}: {error.strerror}. Remedy: another --port (0: any free one)"
        ) from None
    return found


class Beside:
    """The processes beside the site."""

    def __init__(self, config: Config, notice: Callable[[str], None]) -> None:
        self.config, self.notice = config, notice
        self._ended = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Begin them all, and watch over them."""
        modules = [BESIDE[0]] * self.config.workers + [BESIDE[1]]
        for number, module in enumerate(modules):
            thread = threading.Thread(target=self._keep, args=(module, number), daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        """End them: what a job was asking is stopped cleanly, and another worker goes on with it."""
        self._ended.set()
        for thread in self._threads:
            thread.join(timeout=15)

    def _keep(self, module: str, number: int) -> None:
        while not self._ended.is_set():
            began = time.monotonic()
            process = begin(self.config, module, ["--number", str(number)])
            while process.poll() is None:
                if self._ended.wait(0.2):
                    process.send_signal(signal.SIGTERM)
                    try:
                        process.wait(10)
                    except subprocess.TimeoutExpired:
                        process.kill()
                        process.wait()
                    return
            self.notice(f"{module.rpartition('.')[2]} {number} ended with {process.returncode}; it begins again")
            self._ended.wait(max(RESTART_S, 5 - (time.monotonic() - began)))


def begin(config: Config, module: str, arguments: Sequence[str] = ()) -> "subprocess.Popen[bytes]":
    """A process beside the site. It reads its configuration from standard input, and ends when that does."""
    process = subprocess.Popen(
        [sys.executable, "-m", module, *arguments], stdin=subprocess.PIPE, start_new_session=True, env=os.environ
    )
    assert process.stdin is not None
    try:
        process.stdin.write(orjson.dumps(to_json(config)) + b"\n")
        process.stdin.flush()
    except BrokenPipeError:
        pass
    return process

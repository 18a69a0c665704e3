"""A worker: takes jobs from the queue and carries them out, each in a process of its own; delivers webhooks.

It may be killed at any moment. What it holds it holds by leases, so another goes on with it; what was answered is in
the runs' journals. Told to end, it gives its jobs back at once.
"""

import os
import queue
import signal
import socket
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from sinan.errors import SinanError, StoreError
from sinan.models import reach
from sinan.store import RunFolder
from sinan.web.config import Config, from_json
from sinan.web.service import children, ciphers, deliveries, jobs, keys, quotas, shelf, verifying
from sinan.web.service.ciphers import Ciphers
from sinan.web.service.database import Database
from sinan.web.service.jobs import Claimed

AT_ONCE = 2
"""Jobs of one worker."""
IDLE_S = 0.5
TICK_S = 1.0
RENEW_S = 3.0
GRACE_S = 6.0
"""What a process that asks is given to end cleanly."""
BUSY_MS = 3_000
TRIES_MS = (1_000, 5_000, 20_000, 60_000)
"""Waits before a job whose process died is taken up again."""


@dataclass(frozen=True)
class Place:
    """Where a worker works."""

    config: Config
    database: Database
    ciphers: Ciphers

    @property
    def runs(self) -> Path:
        """The folder of runs."""
        return self.config.runs


class Worker:
    """The process."""

    def __init__(self, site: Place, number: int) -> None:
        self.site = site
        self.name = f"{socket.gethostname()}:{os.getpid()}:{number}"
        self.ending = threading.Event()
        self._carrying: list[Carrying] = []

    def work(self) -> None:
        """Until told to end."""
        poster = threading.Thread(target=self._post, daemon=True)
        poster.start()
        with self.site.database.write() as connection:
            keys.forget_left_behind(connection)
        while not self.ending.is_set():
            self._carrying = [one for one in self._carrying if one.is_alive()]
            if len(self._carrying) >= AT_ONCE or not self._take():
                self.ending.wait(IDLE_S)
        for one in self._carrying:
            one.join(GRACE_S + 3)

    def _take(self) -> bool:
        try:
            job = jobs.claim(self.site.database, self.name, self.site.config.jobs_per_user)
        except StoreError as error:
            say(str(error))
            return False
        if job is None:
            return False
        one = Carrying(self.site, job, self.ending)
        self._carrying.append(one)
        one.start()
        return True

    def _post(self) -> None:
        """Webhooks, one after the other."""
        while not self.ending.is_set():
            try:
                due = deliveries.next_due(self.site.database)
                if due is not None:
                    deliveries.settle(self.site.database, due, deliveries.deliver(due, self.site.ciphers))
                    continue
            except SinanError as error:
                say(str(error))
            self.ending.wait(IDLE_S)


class Lost(Exception):
    """The job is another worker's now, or may become so: nothing more may be asked for it here."""


class Carrying(threading.Thread):
    """One job, from its claim to its end."""

    def __init__(self, site: Place, job: Claimed, ending: threading.Event) -> None:
        super().__init__(daemon=True)
        self.site, self.job, self._ending = site, job, ending
        self._heard: queue.Queue[dict[str, Any] | None] = queue.Queue(1000)
        self._progress, self._base = dict(job.progress), dict(job.progress)
        self._answered, self._new = False, False
        self._log: list[str] = []
        self._renewed = self._ticked = time.monotonic()
        self._last: dict[str, Any] = {}
        self._began = False

    def run(self) -> None:
        """Whatever happens, the job is ended, given back, or left to its lease."""
        try:
            self._carry()
        except Lost:
            say(f"job {self.job.id} is another worker's now")
        except SinanError as error:
            say(f"job {self.job.id}: {error}")
        except Exception as error:
            say(f"job {self.job.id}: {type(error).__name__}: {error}")
            self._give_back_or_end("something is broken here; the server's log says what")

    def _carry(self) -> None:
        told = self._ready()
        if told is not None:
            self._ask(told)

    def _ready(self) -> dict[str, Any] | None:
        """What the process is told; None where the job is over before it."""
        if self.job.wanted:
            self._end(jobs.CANCELLED if self.job.wanted == jobs.CANCEL else jobs.PAUSED)
            return None
        if self.job.attempts >= jobs.ATTEMPTS:
            self._end(jobs.FAILED, "given up: it was begun many times, and each time its process or its worker died")
            return None
        try:
            told = self._told()
        except SinanError as error:
            self._end(jobs.FAILED, str(error))
            return None
        if told["limits"] is None:
            self._end(jobs.STOPPED, "its budget, or this month's tokens, are used up")
            return None
        return told

    def _ask(self, told: dict[str, Any]) -> None:
        process = children.begin(told)
        tail = children.Tail(process)
        try:
            wanted = self._listen(process)
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()
        self._settle(wanted, process.returncode, tail, told["keys"])

    def _told(self) -> dict[str, Any]:
        with self.site.database.write() as connection:
            found = keys.opened(connection, self.site.ciphers, self.job.user, self.job.order)
            month = quotas.tokens_left(connection, self.site.config, self.job.user)
        limits = left(self.job.order, self.job.progress)
        if limits is not None and month is not None:
            limits = limits | {"max_tokens": min(month, limits.get("max_tokens", month))} if month else None
        return children.document(self.site.config, "evaluation", self.job.order, found, run=self.job.run, limits=limits)

    def _listen(self, process: Any) -> str:
        """Until the process ends; what made it end: '', pause, cancel, or back (to the queue)."""
        threading.Thread(target=self._read, args=(process.stdout,), daemon=True).start()
        wanted, until = "", float("inf")
        while True:
            try:
                said = self._heard.get(timeout=0.2)
            except queue.Empty:
                said = {}
            if said is None:
                break
            self._hear(said)
            found = self._tick() or ("back" if self._ending.is_set() else "")
            if found and not wanted:
                wanted, until = found, time.monotonic() + GRACE_S
                process.send_signal(signal.SIGTERM)
            if time.monotonic() > until:
                process.kill()
                until = float("inf")
        return wanted

    def _read(self, out: Any) -> None:
        try:
            while line := out.readline(children.LINE):
                try:
                    self._heard.put(orjson.loads(line))
                except orjson.JSONDecodeError:
                    continue
        except ValueError:  # closed
            pass
        self._heard.put(None)

    def _hear(self, said: dict[str, Any]) -> None:
        if "log" in said:
            self._log.append(said["log"])
        elif "progress" in said:
            self._progress, self._new = self._with_earlier(said["progress"]), True
            if said["progress"]["answered"] > 0 and not self._answered:
                self._answered, self._ticked = True, 0.0  # that the job gets on is written at once
        elif "began" in said:
            self._began = True
            shelf.index(self.site.database, self.site.runs, [self.job.run])
        elif said:
            self._last = said

    def _with_earlier(self, progress: dict[str, Any]) -> dict[str, Any]:
        """Seconds go on counting over all processes of a job; tokens and cost do by the journal."""
        progress["seconds"] = (self.job.progress.get("seconds") or 0.0) + progress["seconds"]
        return progress | ({"base": self._base["base"]} if "base" in self._base else {})

    def _tick(self) -> str:
        """Hold the job, say how it stands; what people want of it. Raises Lost."""
        at = time.monotonic()
        if at < self._ticked + TICK_S:
            return ""
        self._ticked = at
        try:
            with self.site.database.write() as connection:
                progress = self._progress if self._new else None
                wanted = jobs.renew(connection, self.job, progress, self._answered)
                if wanted is not None:
                    jobs.log(connection, self.job.id, self._log)
        except StoreError as error:
            if at > self._renewed + jobs.LEASE_MS / 1000 - 2 * RENEW_S:
                raise Lost from error
            return ""
        if wanted is None:
            raise Lost
        self._renewed, self._new, self._log = at, False, []
        return wanted

    def _settle(self, wanted: str, code: int, tail: children.Tail, given: dict[str, str]) -> None:
        """What the end of the process means for the job."""
        last = self._last
        if "ended" in last and last["ended"] in (jobs.COMPLETE, jobs.PARTIAL):
            return self._end(last["ended"])
        if "error" in last and last["kind"] in ("user", "budget", "model"):
            stopped = self._began and last["kind"] != "user"
            return self._end(jobs.STOPPED if stopped else jobs.FAILED, last["error"])
        if wanted == jobs.CANCEL:
            return self._end(jobs.CANCELLED)
        if wanted == jobs.PAUSE:
            return self._end(jobs.PAUSED)
        if wanted == "back":
            return self._give_back(0)
        if "busy" in last:
            return self._give_back(BUSY_MS)
        if "error" not in last:
            say(f"job {self.job.id}: its process ended with {code}\n{tail.text(given)}")
        self._give_back_or_end(last.get("error") or died(code))
        return None

    def _give_back(self, after_ms: int, attempts: int | None = None) -> None:
        with self.site.database.write() as connection:
            if self._new:
                jobs.renew(connection, self.job, self._progress)
            jobs.log(connection, self.job.id, self._log)
            jobs.give_back(connection, self.job, after_ms, 0 if self._answered and attempts is None else attempts)

    def _give_back_or_end(self, why: str) -> None:
        tried = (0 if self._answered else self.job.attempts) + jobs.DEATH
        if tried >= jobs.ATTEMPTS:
            return self._end(jobs.FAILED, f"given up, for nothing is answered however often it is tried: {why}")
        self._log.append(f"{why}; it is taken up again")
        self._give_back(TRIES_MS[min(tried // jobs.DEATH, len(TRIES_MS)) - 1], tried)
        return None

    def _end(self, state: str, error: str | None = None) -> None:
        """The run is indexed first: who is told of the end finds its numbers."""
        folder = RunFolder(self.site.runs / self.job.run)
        if folder.described:
            _stopped(folder)
            shelf.index(self.site.database, self.site.runs, [self.job.run])
        with self.site.database.write() as connection:
            jobs.log(connection, self.job.id, [*self._log, *([error] if error else [])])
            if jobs.end(connection, self.job, state, error, self._progress):
                verifying.settle(connection, self.job.id, state, self._last.get("again"))
                if not folder.described:
                    jobs.without_run(connection, self.job.run)
        if self._last.get("again"):
            verifying.tell(self.site.config.site)


def _stopped(folder: RunFolder) -> None:
    """A run whose process was killed says that it runs; it does not."""
    try:
        lock = folder.lock()
    except StoreError:
        return
    try:
        about = folder.about()
        if about["status"] == "running":
            folder.describe(about | {"status": "stopped"})
    except StoreError:
        pass
    finally:
        lock.release()


def left(order: Any, progress: Any) -> dict[str, Any] | None:
    """What a job may still spend; None where nothing is left."""
    base = progress.get("base") or {}
    found: dict[str, Any] = {}
    for limit, name in (("max_cost", "cost_usd"), ("max_tokens", "tokens"), ("max_time", "seconds")):
        if order.get(limit) is None:
            continue
        rest = order[limit] - ((progress.get(name) or 0) - (base.get(name) or 0))
        if rest <= 0:
            return None
        found[limit] = rest
    return found


def died(code: int) -> str:
    """Why a process ended, in a few words."""
    if code == -signal.SIGKILL:
        return "its process was killed, as a machine does that has too little memory"
    if code < 0:
        return f"its process was ended by {signal.Signals(-code).name}"
    return f"its process ended with {code}"


def say(line: str) -> None:
    """For whoever runs the site."""
    sys.stderr.write(f"sinan: worker: {line.rstrip()}\n")
    sys.stderr.flush()


def main() -> None:
    """Configuration on standard input; ends with it, or by SIGTERM."""
    config = from_json(orjson.loads(sys.stdin.buffer.readline()))
    reach.limit(config.networks)
    number = int(sys.argv[sys.argv.index("--number") + 1]) if "--number" in sys.argv else 0
    database = Database(config.url)
    database.migrate()
    worker = Worker(Place(config, database, ciphers.of(config.site)), number)
    signal.signal(signal.SIGTERM, lambda *_: worker.ending.set())
    signal.signal(signal.SIGINT, lambda *_: worker.ending.set())

    def until_input_ends() -> None:
        while sys.stdin.buffer.read(4096):
            pass
        worker.ending.set()

    threading.Thread(target=until_input_ends, daemon=True).start()
    worker.work()
    os._exit(0)


if __name__ == "__main__":
    main()

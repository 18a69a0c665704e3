"""Runs that are being written, followed once for all who watch them: by reading on in their journals.

A thread of its own keeps the numbers of each; whoever watches looks at what it found last. Nothing asks the database.
"""

import threading
import time
from collections import OrderedDict, deque
from dataclasses import dataclass, field

from sinan.errors import SinanError, StoreError
from sinan.followed import Followed
from sinan.store import RunFolder, browse
from sinan.store.living import being_written
from sinan.types import CellResult
from sinan.web.failures import TooMany

LOOK_S, DRAW_S, RATE_S, IDLE_S = 0.25, 1.0, 20.0, 60.0
CATCH_UP_S = 0.3
"""How long a page waits for numbers that are nearly there."""
MOST_RUNS, MOST_WATCHERS, REMEMBERED = 64, 200, 32


@dataclass(frozen=True)
class State:
    """A run as it stands."""

    number: int = 0
    """Grows with every change."""
    status: str = "running"
    """As in run.json; `killed` where nobody writes it any more."""
    done: int = 0
    expected: int | None = None
    rate: float | None = None
    """Results per second over the last seconds."""
    behind: bool = True
    """Whether the journal holds what was not read yet."""
    results: tuple[CellResult, ...] = ()
    error: str = ""

    @property
    def over(self) -> bool:
        """Whether nothing will change any more."""
        return not self.behind and self.status != "running"

    @property
    def left_s(self) -> float | None:
        """Seconds until it will be done, at this pace."""
        return None if not self.rate or self.expected is None else max(0, self.expected - self.done) / self.rate


@dataclass
class Watch:
    """One run that is followed."""

    folder: RunFolder
    watchers: int = 0
    asked: float = field(default_factory=time.monotonic)
    state: State = field(default_factory=State)
    told: tuple[int, bytes] = (0, b"")
    """The state of a number as it is told to all who watch."""
    changed: threading.Condition = field(default_factory=threading.Condition)

    def start(self) -> None:
        """Follow it in a thread."""
        threading.Thread(target=self._follow, daemon=True, name=f"follow {self.folder.id}").start()

    @property
    def idle(self) -> bool:
        """Whether nobody looks any more."""
        return not self.watchers and time.monotonic() - self.asked > IDLE_S

    def caught_up(self, seconds: float = CATCH_UP_S) -> State:
        """The state, as soon as all that is there was read, or after so many seconds."""
        end = time.monotonic() + seconds
        with self.changed:
            while self.state.behind and not self.state.error and (left := end - time.monotonic()) > 0:
                self.changed.wait(left)
        return self.state

    def _follow(self) -> None:
        try:
            self._read()
        except SinanError as error:
            self._tell(State(self.state.number + 1, "damaged", behind=False, error=str(error)))
        finally:
            _forget(self)

    def _read(self) -> None:
        run, seen, told, took = Followed(self.folder), deque[tuple[float, int]](), 0.0, 0.0
        while not self.idle:
            now_is = status(self.folder)  # looked at first: what is read below is then all of a run that has ended
            found = run.read()
            now = time.monotonic()
            if not run.behind or seen:  # what was there before says nothing of the pace
                seen.append((now, run.done))
            while len(seen) > 2 and now - seen[0][0] > RATE_S:
                seen.popleft()
            over = now_is != "running" and not found
            if over or now - told >= max(DRAW_S, 10 * took) or (self.state.behind and not found):
                self._tell(self._state(run, now_is, found, seen))
                told, took = time.monotonic(), time.monotonic() - now
            if over:
                return
            if not found:
                time.sleep(LOOK_S)

    def _state(self, run: Followed, now_is: str, behind: bool, seen: "deque[tuple[float, int]]") -> State:
        about = self.folder.about()
        results = run.results()
        if "rule" in about and "scored_from" not in about:
            results = [one.without_intervals() for one in results]
        rate = None
        if len(seen) > 1 and seen[-1][0] > seen[0][0]:
            rate = (seen[-1][1] - seen[0][1]) / (seen[-1][0] - seen[0][0])
        return State(self.state.number + 1, now_is, run.done, run.expected, rate, behind, tuple(results))

    def _tell(self, state: State) -> None:
        if state.over:
            _remember(self.folder, state)
        with self.changed:
            self.state = state
            self.changed.notify_all()


_watches: dict[str, Watch] = {}
_over: OrderedDict[str, State] = OrderedDict()
"""Runs that were read to their end: by the state of their journal."""
_lock = threading.Lock()


def standing(folder: RunFolder) -> State:
    """How a run stands that has no results.json: what was found of it until now. Raises TooMany."""
    with _lock:
        known = _over.get(_key(folder))
    return known or watch(folder).caught_up()


def _remember(folder: RunFolder, state: State) -> None:
    with _lock:
        _over[_key(folder)] = state
        while len(_over) > REMEMBERED:
            _over.popitem(last=False)


def _key(folder: RunFolder) -> str:
    return f"{browse.state(folder)} {status(folder)}"


def watch(folder: RunFolder, watching: bool = False) -> Watch:
    """The one that follows this run; begun where there is none. With `watching` one more watches it, until `leave`.
    Raises TooMany."""
    with _lock:
        found = _watches.get(str(folder.path))
        if found is None:
            if len(_watches) >= MOST_RUNS:
                raise TooMany("too many runs are being followed at this moment. Remedy: look again in a minute", 30)
            found = _watches[str(folder.path)] = Watch(folder)
            found.start()
        if watching:
            if sum(one.watchers for one in _watches.values()) >= MOST_WATCHERS:
                raise TooMany("too many readers watch runs at this moment. Remedy: reload the page now and then", 30)
            found.watchers += 1
        found.asked = time.monotonic()
        return found


def leave(one: Watch) -> None:
    """One less watches it."""
    with _lock:
        one.watchers -= 1


def _forget(one: Watch) -> None:
    with _lock:
        if _watches.get(str(one.folder.path)) is one:
            del _watches[str(one.folder.path)]


def status(folder: RunFolder) -> str:
    """As in run.json; but `killed` where it says that the run is being written, and nobody does."""
    written = being_written(folder)
    try:
        status = str(folder.about()["status"])
    except StoreError:
        return "damaged"
    return "killed" if status == "running" and not written else status

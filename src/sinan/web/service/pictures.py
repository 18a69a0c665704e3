"""Charts as pictures, for pages of other sites: SVG and PNG, drawn by a process beside this one (`painter`).

Drawing takes a tenth of a second of a core: one picture is drawn at a time, each is drawn once, and who would have to
wait long is told to come again.
"""

import hashlib
import importlib.util
import subprocess
import sys
import threading
from collections import OrderedDict
from typing import Literal

import orjson

from sinan.errors import MissingExtra
from sinan.web.failures import Failure, NotYet
from sinan.web.service.chart_look import Spec

Kind = Literal["svg", "png"]
WAITING = 4
"""Who may wait at once: each holds a thread of the site."""


class Pictures:
    """Has pictures drawn, and keeps the latest."""

    def __init__(self, kept_bytes: int = 32 << 20, patience_s: float = 5.0, limit_s: float = 20.0) -> None:
        self.kept_bytes, self.patience_s, self.limit_s = kept_bytes, patience_s, limit_s
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._lock, self._turn, self._queue = threading.Lock(), threading.Lock(), threading.Semaphore(WAITING)
        self._painter: subprocess.Popen[bytes] | None = None

    def of(self, spec: Spec, kind: Kind, width: int) -> bytes:
        """The picture of a chart. Raises NotYet where others are waited for too long, MissingExtra without
        vl-convert, Failure where this chart cannot be drawn."""
        asked = orjson.dumps({"spec": spec, "kind": kind, "width": width}, option=orjson.OPT_SORT_KEYS)
        key = hashlib.sha256(asked).hexdigest()
        found = self._known(key)
        if found is not None:
            return found
        busy = NotYet("many pictures are being drawn at this moment; ask again", retry_after=5)
        if not self._queue.acquire(blocking=False):
            raise busy
        try:
            if not self._turn.acquire(timeout=self.patience_s):
                raise busy
            try:
                return self._known(key) or self._keep(key, self._draw(asked))
            finally:
                self._turn.release()
        finally:
            self._queue.release()

    def close(self) -> None:
        """End the painter."""
        with self._turn:
            self._end()

    def _known(self, key: str) -> bytes | None:
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def _keep(self, key: str, picture: bytes) -> bytes:
        with self._lock:
            self._kept[key] = picture
            while sum(map(len, self._kept.values())) > self.kept_bytes:
                self._kept.popitem(last=False)
        return picture

    def _draw(self, asked: bytes) -> bytes:
        picture = self._asked(asked, again=True)
        if not picture:
            raise Failure("this chart cannot be drawn as a picture; its numbers are at the same address with .json")
        return picture

    def _asked(self, asked: bytes, again: bool) -> bytes:
        """Of the painter, which is begun where it is not there, and ended where it takes too long. One that has just
        gone, for nothing was asked of it, is begun again."""
        painter = self._begun()
        late = threading.Timer(self.limit_s, painter.kill)
        late.start()
        try:
            return _answer(painter, asked)
        except (OSError, EOFError):
            self._end()
            if again and late.is_alive():
                return self._asked(asked, again=False)
            raise NotYet("the picture could not be drawn in time; ask again", retry_after=5) from None
        finally:
            late.cancel()

    def _begun(self) -> "subprocess.Popen[bytes]":
        if importlib.util.find_spec("vl_convert") is None:
            raise MissingExtra("charts as pictures", "vl-convert-python", "serve")
        if self._painter is None or self._painter.poll() is not None:
            self._end()
            command = [sys.executable, "-m", "sinan.web.service.painter"]
            self._painter = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        return self._painter

    def _end(self) -> None:
        painter, self._painter = self._painter, None
        if painter is not None:
            painter.kill()
            painter.wait()
            for pipe in (painter.stdin, painter.stdout):
                if pipe is not None:
                    try:
                        pipe.close()
                    except OSError:  # what was not sent yet
                        pass


def _answer(painter: "subprocess.Popen[bytes]", asked: bytes) -> bytes:
    assert painter.stdin is not None and painter.stdout is not None
    painter.stdin.write(asked + b"\n")
    painter.stdin.flush()
    size = painter.stdout.read(8)
    picture = painter.stdout.read(int.from_bytes(size, "big"))
    if len(size) < 8 or len(picture) < int.from_bytes(size, "big"):
        raise EOFError
    return picture


shared = Pictures()
"""Of this process."""

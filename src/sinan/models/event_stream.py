"""Server-sent events (WHATWG HTML, section 9.2): from the bytes of a stream to the data of its events.

Nothing here waits, reads a clock or knows a dialect.
"""

from sinan.errors import TransientError

LINE_LIMIT = 1024 * 1024
"""Bytes of one line; a chunk of a few tokens has some hundred."""


class Events:
    """Splits bytes, in pieces of any size, into the data of events.

    Lines end with LF, CR or CRLF; a piece may end between these two, or inside a character.
    """

    def __init__(self, line_limit: int = LINE_LIMIT) -> None:
        self._limit = line_limit
        self._begun: list[bytes] = []
        """Pieces of a line whose end has not come; joined once, so that a long line costs its length and no more."""
        self._length = 0
        self._after_cr = False
        self._at_start = True
        self._data: list[bytes] = []

    def feed(self, piece: bytes) -> list[bytes]:
        """The data of the events that this piece completes. Raises TransientError for a line without end."""
        if self._after_cr and piece:
            piece = piece.removeprefix(b"\n")
            self._after_cr = False
        if not piece:
            return []
        self._after_cr = piece.endswith(b"\r")
        lines = piece.splitlines()  # of bytes: at LF, CR and CRLF alone
        rest = b"" if piece[-1] in b"\r\n" else lines.pop()
        if lines:
            lines[0] = b"".join((*self._begun, lines[0]))
            self._begun, self._length = [], 0
        if rest:
            self._begun.append(rest)
            self._length += len(rest)
        if max(self._length, *map(len, lines), 0) > self._limit:
            raise TransientError(f"a line of the stream is longer than {self._limit:,} bytes")
        return [data for line in lines if (data := self._line(line)) is not None]

    def end(self) -> list[bytes]:
        """What the stream still held when it ended: an event that its server did not close with an empty line."""
        last = self._line(b"".join(self._begun)) if self._begun else None
        events = [data for data in (last, self._line(b"")) if data is not None]
        self._begun, self._length = [], 0
        return events

    def _line(self, line: bytes) -> bytes | None:
        """Takes a line; the event's data where it closes one. Comments, ids, names and empty events are passed by."""
        if self._at_start:
            self._at_start = False
            line = line.removeprefix(b"\xef\xbb\xbf")
        if not line:
            data, self._data = b"\n".join(self._data), []
            return data or None
        name, _, value = line.partition(b":")
        if name == b"data":
            self._data.append(value.removeprefix(b" "))
        return None

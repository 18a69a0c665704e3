"""Files of `static`, at addresses that change with their content: `/static/DIGEST/NAME`. Each is compressed once."""

import gzip
import mimetypes
from functools import cache
from pathlib import Path
from typing import Any

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.staticfiles import StaticFiles

FOR_EVER = "public, max-age=31536000, immutable"
SMALL = 500
"""Bytes below which nothing is compressed."""


class Assets(StaticFiles):
    """What browsers may keep for ever."""

    def get_path(self, scope: Any) -> str:
        """The name without the digest."""
        return super().get_path(scope).partition("/")[2] or "missing"

    def file_response(self, full_path: Any, stat_result: Any, scope: Any, status_code: int = 200) -> Response:
        """Compressed, where the browser takes that."""
        if status_code != 200 or not _takes_gzip(scope) or stat_result.st_size < SMALL:
            response = super().file_response(full_path, stat_result, scope, status_code)
        else:
            body = _pressed(Path(full_path), stat_result.st_mtime_ns)
            kind = mimetypes.guess_type(full_path)[0] or "application/octet-stream"
            response = Response(body, media_type=kind, headers={"Content-Encoding": "gzip", "Vary": "Accept-Encoding"})
        response.headers["Cache-Control"] = FOR_EVER
        return response


def _takes_gzip(scope: Any) -> bool:
    return "gzip" in Headers(scope=scope).get("accept-encoding", "")


@cache
def _pressed(path: Path, changed: int) -> bytes:
    """There are a dozen files, and they change with the installation alone."""
    return gzip.compress(path.read_bytes(), 9, mtime=0)

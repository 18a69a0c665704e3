"""A file that is being sent, and the process that looks at it (`checking`): a place on disk for each, gone afterwards."""

import asyncio
import contextlib
import secrets
import shutil
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import orjson

from sinan.web.failures import Failure, TooMany
from sinan.web.service import checking

FOLDER = "uploads"
AT_ONCE = 2
"""Files that are looked at; who sends another comes again."""
CODE = "import sys; from sinan.web.service import checking; sys.exit(checking.main())"
_busy = threading.Semaphore(AT_ONCE)


@contextlib.contextmanager
def place(site: Path) -> Iterator[Path]:
    """A folder for one file. Raises TooMany."""
    if not _busy.acquire(blocking=False):
        raise TooMany("other files are being looked at. Remedy: send it again in a few seconds", retry_after=5)
    folder = site / FOLDER / secrets.token_hex(8)
    try:
        folder.mkdir(parents=True, mode=0o700)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        _busy.release()


async def received(body: AsyncIterator[bytes], path: Path) -> int:
    """Write what comes; how many bytes. Whoever gives `body` bounds it. Raises Failure where nothing comes."""
    size = 0
    with path.open("wb") as file:
        async for part in body:
            size += len(part)
            await asyncio.to_thread(file.write, part)
    if not size:
        raise Failure("nothing was sent. Remedy: the file's bytes as the body of the request")
    return size


async def looked_at(source: Path, out: Path, scorer: str | None) -> dict[str, Any]:
    """What was found: `report` and `sha256`. Raises Failure with the fault."""
    order = orjson.dumps({"source": str(source), "out": str(out), "scorer": scorer})
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", CODE, stdin=pipe, stdout=pipe, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        async with asyncio.timeout(checking.SECONDS + 30):
            said, _ = await process.communicate(order)
    except TimeoutError:
        raise Failure(
            f"{source.name}: looking at it took longer than {checking.SECONDS} s. Remedy: fewer rows"
        ) from None
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    try:
        told: dict[str, Any] = orjson.loads(said)
    except orjson.JSONDecodeError:
        raise Failure(f"{source.name}: {checking.HUNGRY}, or it took longer than {checking.SECONDS} s") from None
    if "fault" in told:
        raise Failure(told["fault"][:2000])
    return told

"""What runs in the jail, as an archive that an interpreter can run without a file system to find it in."""

import contextlib
import io
import os
import zipfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

MAIN = """
import sys
if sys.argv[1] == "launch":
    from sinan.sandbox.inside.launch import launch
    launch(sys.argv[2])
else:
    import socket
    from sinan.sandbox.inside.worker import serve
    serve(socket.socket(fileno=int(sys.argv[1])))
"""


@cache
def _archive() -> bytes:
    packed = io.BytesIO()
    inside = Path(__file__).with_name("inside")
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("__main__.py", MAIN)
        for package in ("sinan", "sinan/sandbox"):
            archive.writestr(f"{package}/__init__.py", "")
        for path in sorted(inside.glob("*.py")):
            archive.writestr(f"sinan/sandbox/inside/{path.name}", path.read_text("utf-8"))
    return packed.getvalue()


@contextlib.contextmanager
def opened() -> Iterator[int]:
    """A descriptor of the archive, which a child may inherit; run it as /proc/self/fd/NUMBER."""
    descriptor = os.memfd_create("sinan", os.MFD_CLOEXEC)
    try:
        os.write(descriptor, _archive())
        yield descriptor
    finally:
        os.close(descriptor)

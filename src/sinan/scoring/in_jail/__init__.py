"""What runs beside a program inside the sandbox. Nothing here is imported by sinan: it is handed over as text.

A program and the tests that judge it are two processes. The tests call the program's functions through pipes, get
plain values back, and compare them where the program cannot reach. The parent of both reads what it needs piece by
piece: the tests and the end token come only after the program was started, and never into its memory.
"""

from hashlib import sha256
from pathlib import Path

_HERE = Path(__file__).parent
PYTHON = ("sinan_parts.py", "sinan_values.py", "sinan_python.py")
NODE = ("sinan_parts.py", "sinan_two.py", "sinan_program.js")
NODE_TESTS = ("sinan_equal.js", "sinan_tests.js")
BASH = ("sinan_parts.py", "sinan_bash.py", "sinan_host.sh")


def texts(names: tuple[str, ...]) -> dict[str, str]:
    """The files of one harness, by name."""
    return {name: (_HERE / name).read_text("utf-8") for name in names}


def digest() -> str:
    """Twelve hex digits of all of them: part of a scorer's settings, so that a change of a harness is another
    version."""
    files = sorted({*PYTHON, *NODE, *NODE_TESTS, *BASH})
    return sha256("\0".join((_HERE / name).read_text("utf-8") for name in files).encode()).hexdigest()[:12]

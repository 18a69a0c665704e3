"""One sandbox for all tests of this folder, opened as a user's is: by attacking it."""

import pytest

from sinan.errors import SandboxUnavailable
from sinan.sandbox import Limits, Program, open_sandbox

from . import people


@pytest.fixture(scope="session")
def sandbox():
    try:
        opened = open_sandbox()
    except SandboxUnavailable as error:
        pytest.skip(f"no sandbox here: {error}")
    assert opened.isolation == "full"
    return opened


@pytest.fixture(scope="session")
def python(sandbox):
    """Runs one file of Python; options are limits, `files` more files, `argv` and `stdin` the program's."""

    def run(code, *argv, stdin="", files=(), **limits):
        return sandbox.run(
            Program({"main.py": code, **dict(files)}, ("python", "main.py", *argv), stdin), Limits(**limits)
        )

    return run


def pytest_sessionfinish():
    people.removed()

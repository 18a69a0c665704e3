"""In the sandbox: tests in bash, which call the functions of a program in bash: for every call a process of its own.

First part: nothing. Rest: `token`, `test`, `entry_point`. A function's standard output is what it gives back; the tests
take it through `$(...)`, in which a shell keeps no state either.
"""

import os
import subprocess
import sys

import sinan_parts as parts

CALL = r"""
{name}() {{
  builtin local LC_ALL=C sinan_code sinan_size sinan_out=''
  builtin printf '%s\0' "$(($# + 1))" {name} "$@" >&4
  builtin read -r sinan_code sinan_size <&3 || return 1
  if [ "$sinan_size" -gt 0 ]; then IFS= builtin read -r -d '' -N "$sinan_size" sinan_out <&3 || return 1; fi
  builtin printf '%s' "$sinan_out"
  return "$sinan_code"
}}
"""
LONGEST = 1_000_000
"""Bytes that one call gives back at the most."""


def started(script: bytes, answers: int, asks: int, telling: int) -> int:
    """The tests' shell: it reads its script from a pipe."""
    given, giving = os.pipe()
    child = os.fork()
    if child == 0:
        os.setsid()
        high = [os.dup2(one, 100 + place) for place, one in enumerate((answers, asks, telling, given))]
        for place, one in enumerate(high):
            os.dup2(one, 3 + place)
        os.closerange(7, 256)
        parts.no_input()
        os.execvp("bash", ["bash", "/dev/fd/6"])
    os.close(given)
    if os.fork() == 0:  # a script may be longer than what a pipe holds
        os.closerange(3, giving)
        with open(giving, "wb") as pipe:
            pipe.write(script)
        os._exit(0)
    os.close(giving)
    return child


def answered(arguments: list[bytes]) -> bytes:
    """What a call of the program gives back: its code, the size of its output, the output."""
    ran = subprocess.run(
        [b"bash", b"sinan_host.sh", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        preexec_fn=parts.apart,
        check=False,
    )
    out = ran.stdout.replace(b"\0", b"")[:LONGEST]
    return f"{ran.returncode & 0xFF} {len(out)}\n".encode() + out


def serve(asked: int, answers: int) -> None:
    """Answer calls until the tests have ended."""
    held = b""
    while True:
        parts_held = held.split(b"\0")
        complete = len(parts_held) - 1
        if complete and complete > int(parts_held[0]):
            wanted = int(parts_held[0])
            held = b"\0".join(parts_held[1 + wanted :])
            data = memoryview(answered(parts_held[1 : 1 + wanted]))
            while data:
                data = data[os.write(answers, data) :]
            continue
        more = os.read(asked, 1 << 16)
        if not more:
            return
        held += more


def main() -> None:
    """Read the tests, run them, and serve their calls."""
    parts.first()
    parts.hidden()
    exam = parts.rest()
    asked, asks = os.pipe()
    answers, answered_ = os.pipe()
    told, telling = os.pipe()
    script = CALL.format(name=exam["entry_point"]) + exam["test"] + "\nbuiltin printf done >&5\n"
    tests = started(script.encode("utf-8", "surrogateescape"), answers, asks, telling)
    for descriptor in (answers, asks, telling):
        os.close(descriptor)
    try:
        serve(asked, answered_)
    except (OSError, ValueError):
        pass
    went = {"passed": True} if parts.exactly(told, 4) == b"done" else {"failed": "a test failed"}
    sys.stdout.flush()
    parts.end(exam["token"], went, tests)


main()

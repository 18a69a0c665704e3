"""In the sandbox: two commands that talk through pipes, a program's and its tests'.

First part: `program` and `tests`, the two commands. Rest: `token`, `exam` (what the tests' command reads from its
standard input). Both find their questions at descriptor 3 and put their answers at 4; the tests report at 5.
"""

import json
import os
import sys

import sinan_parts as parts

NOT_THERE = 127


def started(command: list[str], descriptors: dict[int, int], apart: bool) -> int:
    """A process with the descriptors at the numbers that it knows; nothing else of ours is open in it."""
    child = os.fork()
    if child:
        return child
    os.setsid()
    high = {number: os.dup2(descriptor, 100 + number) for number, descriptor in descriptors.items()}
    for number in range(3, 6):
        os.dup2(high[number], number) if number in high else os.close(number)
    if 0 in high:
        os.dup2(high[0], 0)
    os.closerange(6, 256)
    if 0 not in descriptors:
        parts.no_input()
    if apart:
        parts.apart()
    try:
        os.execvp(command[0], command)
    except OSError:
        os._exit(NOT_THERE)


def main() -> None:
    """Start the program, then read the tests, start them, and wait for their report."""
    os.environ["OPENSSL_CONF"] = os.devnull  # node reads the machine's own, and ends where it may not
    begun = parts.first()
    parts.hidden()
    asked, asks = os.pipe()
    answers, answered = os.pipe()
    program = started(begun["program"], {3: asked, 4: answered}, apart=True)
    os.close(asked)
    os.close(answered)
    read = parts.rest()
    told, telling = os.pipe()
    given, giving = os.pipe()
    tests = started(begun["tests"], {0: given, 3: answers, 4: asks, 5: telling}, apart=False)
    for descriptor in (answers, asks, telling, given):
        os.close(descriptor)
    with open(giving, "wb") as exam:
        exam.write(json.dumps(read["exam"]).encode())
    report = parts.exactly(told, 1 << 20)
    try:
        went = json.loads(report)
    except ValueError:
        code = os.waitstatus_to_exitcode(os.waitpid(tests, 0)[1])
        missing = {"unfit": f"{begun['tests'][0]} cannot be run in the sandbox"}
        went = missing if code == NOT_THERE else {"failed": "the tests ended before their end"}
    sys.stdout.flush()
    parts.end(read["token"], went, program, tests)


main()

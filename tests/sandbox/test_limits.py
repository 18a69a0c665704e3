"""Whoever takes too much is ended, with all its children, and the word says what it took too much of."""

from pathlib import Path

import pytest

from sinan.sandbox import Limits, Program


def test_time_ends_a_program(python):
    ran = python("print('begun', flush=True)\nwhile True: pass", seconds=0.3)
    assert (ran.ended, ran.exit_code, ran.stdout) == ("timeout", None, "begun\n")
    assert ran.seconds >= 0.3


def test_sleeping_children_do_not_outlive_time(python):
    ran = python("import os, time\nfor _ in range(4): os.fork()\ntime.sleep(1000)", seconds=0.3)
    assert ran.ended == "timeout"


def test_a_program_whose_children_hold_its_output_ends_when_it_ends(python):
    ran = python("import os, time\nif os.fork() == 0: time.sleep(1000)\nprint('done')")
    assert (ran.ended, ran.stdout) == ("exited", "done\n") and ran.seconds < 100


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_output_is_cut_at_the_limit(python, stream):
    ran = python(f"import sys\nwhile True: print('x' * 99, file=sys.{stream})", output_bytes=1000)
    assert ran.ended == "output" and getattr(ran, stream) == ("x" * 99 + "\n") * 10


def test_output_up_to_the_limit_is_kept_whole(python):
    ran = python("print('x' * 999)", output_bytes=1000)
    assert (ran.ended, len(ran.stdout)) == ("exited", 1000)


def test_a_program_may_answer_for_its_own_want_of_memory(python):
    ran = python("try: bytearray(1 << 30)\nexcept MemoryError: print('none left')", memory_mb=200)
    assert (ran.ended, ran.stdout) == ("exited", "none left\n")


def test_children_are_counted_together(python):
    code = """
import os, time
for _ in range(8):
    if os.fork() == 0:
        held = bytearray(b"x") * (50 << 20)
        time.sleep(1000)
time.sleep(1000)
"""
    assert python(code, memory_mb=200, seconds=60).ended == "memory"


def test_pages_that_children_share_are_counted_once(python):
    code = """
import os, time
held = bytearray(b"x") * (60 << 20)
for _ in range(8):
    if os.fork() == 0:
        time.sleep(0.5)
        os._exit(0)
for _ in range(8):
    os.wait()
print("fine")
"""
    assert python(code, memory_mb=250).stdout == "fine\n"


def test_a_full_disk_ends_a_program_that_does_not_mind_it(python):
    assert python("open('f', 'wb').write(bytes(9 << 20))", disk_mb=8).ended == "disk"
    ran = python("try: open('f', 'wb').write(bytes(9 << 20))\nexcept OSError: print('full')", disk_mb=8)
    assert (ran.ended, ran.stdout) == ("exited", "full\n")


def test_all_places_that_can_be_written_share_one_limit(python):
    code = "import os, tempfile\nfor place in ('.', tempfile.gettempdir() + '/a', '/dev/shm/b'):\n"
    code += "    os.makedirs(place, exist_ok=True)\n    open(place + '/f', 'wb').write(bytes(3 << 20))"
    assert python(code, disk_mb=8).ended == "disk"
    assert python(code, disk_mb=10).ended == "exited"


def test_files_that_do_not_fit_are_a_full_disk(sandbox):
    ran = sandbox.run(Program({"main.py": "", "big": "x" * (3 << 20)}, ("python", "main.py")), Limits(disk_mb=2))
    assert (ran.ended, ran.exit_code) == ("disk", None)


def test_as_many_processes_as_the_limit_says(python):
    code = """
import os, time
count = 1
try:
    while os.fork():
        count += 1
except OSError:
    print(count)
else:
    time.sleep(1000)
"""
    assert python(code, processes=10).stdout == "10\n"


def test_a_long_input_is_read_to_its_end(python):
    text = "x" * (20 << 20)
    assert python("import sys; print(len(sys.stdin.read()))", stdin=text).stdout == f"{len(text)}\n"


def test_input_cannot_be_changed(python):
    ran = python("import os; os.write(0, b'other')", stdin="kept")
    assert ran.exit_code == 1 and "PermissionError" in ran.stderr


def test_nothing_of_a_run_is_left(python):
    def open_descriptors():
        return len(list(Path("/proc/self/fd").iterdir()))

    python("pass")
    before = open_descriptors()
    for _ in range(3):
        python("import os; os.fork(); open('f', 'w').write('x')")
        python("while True: pass", seconds=0.05)
    assert open_descriptors() == before


@pytest.mark.parametrize(
    "blow",
    [
        "for number in range(1, 65):\n    if number not in (9, 19): os.kill(1, number)",
        "import resource\nresource.prlimit(1, resource.RLIMIT_NOFILE, (0, 0))",
        "import resource\nresource.prlimit(1, resource.RLIMIT_CPU, (0, 0))",
    ],
)
def test_a_program_that_attacks_its_warden_gets_a_verdict_all_the_same(python, blow):
    tried = "\n".join(f"    {line}" for line in blow.splitlines())
    code = f"import os, time\ntry:\n{tried}\nexcept OSError: pass\ntime.sleep(0.2)\nwhile True: held = [bytearray(1)]"
    assert python(code, seconds=0.5).ended == "timeout"


def test_a_program_may_interrupt_itself(python):
    code = (
        "import os\ntry:\n    os.kill(os.getpid(), 2)\n    while True: pass\nexcept KeyboardInterrupt: print('heard')"
    )
    assert python(code).stdout == "heard\n"

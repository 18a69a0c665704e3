"""A program runs as it would on a command line, and how it ended is told as it was."""

import shutil
from concurrent.futures import ThreadPoolExecutor

import pytest

from sinan.errors import SandboxUnavailable
from sinan.sandbox import Limits, Program


def test_a_program_prints_reads_and_exits(python):
    ran = python("import sys; print(sys.argv, sys.stdin.read()); sys.exit(3)", "a", "b c", stdin="你好\n")
    assert (ran.ended, ran.exit_code, ran.stdout) == ("exited", 3, "['main.py', 'a', 'b c'] 你好\n\n")
    assert ran.isolation == "full" and 0 <= ran.seconds < 10


@pytest.mark.parametrize(
    ("code", "exit_code", "stderr"),
    [
        ("import sys; sys.exit()", 0, ""),
        ("raise SystemExit(True)", 1, ""),
        ("raise SystemExit(256 + 7)", 7, ""),
        ("raise SystemExit('no')", 1, "no\n"),
        ("import os; os._exit(9)", 9, ""),
        ("exit(0)\nraise ValueError", 0, ""),
        ("import atexit, sys; atexit.register(sys.stderr.write, 'bye')", 0, "bye"),
        ("import sys; sys.stderr.write('é\\udcff')", 0, "é\\udcff"),
    ],
)
def test_an_exit_code_is_the_programs_own(python, code, exit_code, stderr):
    ran = python(code)
    assert (ran.ended, ran.exit_code, ran.stderr) == ("exited", exit_code, stderr)


def test_a_traceback_is_as_the_interpreter_prints_it(python):
    ran = python("def f():\n    return 1 / 0\nf()")
    assert ran.exit_code == 1
    assert ran.stderr.startswith('Traceback (most recent call last):\n  File "main.py", line 3, in <module>\n    f()\n')
    assert ran.stderr.endswith("ZeroDivisionError: division by zero\n")
    assert "sinan" not in ran.stderr


def test_a_syntax_error_is_the_programs(python):
    ran = python("def (")
    assert (ran.ended, ran.exit_code) == ("exited", 1) and "SyntaxError" in ran.stderr


@pytest.mark.parametrize("number", [6, 9, 11, 15])
def test_a_program_that_ends_by_a_signal_says_which(python, number):
    ran = python(f"import os; os.kill(os.getpid(), {number})")
    assert (ran.ended, ran.exit_code) == ("signal", -number)


def test_what_was_printed_before_the_end_is_kept(python):
    ran = python("import os; print('before', flush=True); os.abort()")
    assert (ran.ended, ran.stdout) == ("signal", "before\n")


def test_objects_are_let_go_and_threads_waited_for_at_the_end(python):
    code = """
import threading, time
class Thing:
    def __del__(self): print("gone")
thing = Thing()
threading.Thread(target=lambda: (time.sleep(0.05), print("thread"))).start()
print("main")
"""
    assert python(code).stdout == "main\nthread\ngone\n"


def test_what_python_offers_works(python):
    code = """
import asyncio, multiprocessing, pickle, sqlite3, subprocess, sys, tempfile, zoneinfo, dataclasses, signal
@dataclasses.dataclass
class Point:
    x: int
def double(x): return 2 * x
if __name__ == "__main__":
    assert pickle.loads(pickle.dumps(Point(1))) == Point(1)
    assert asyncio.run(asyncio.sleep(0, 5)) == 5
    with multiprocessing.get_context("fork").Pool(2) as pool:
        assert pool.map(double, [1, 2]) == [2, 4]
    assert subprocess.run([sys.executable, "-c", "print(1)"], capture_output=True).stdout == b"1\\n"
    assert sqlite3.connect(":memory:").execute("select 2").fetchone() == (2,)
    with tempfile.NamedTemporaryFile() as file:
        file.write(b"x")
    signal.signal(signal.SIGALRM, lambda *_: print("alarm")); signal.setitimer(signal.ITIMER_REAL, 0.01); signal.pause()
    print(sys.modules["__main__"].__file__, __name__, zoneinfo.ZoneInfo("Asia/Shanghai"))
"""
    ran = python(code)
    assert (ran.stdout, ran.stderr) == ("alarm\nmain.py __main__ Asia/Shanghai\n", "")


def test_numpy_is_there_and_draws_other_numbers_each_time(python):
    pytest.importorskip("numpy")
    drawn = [python("import numpy; print(numpy.random.rand(), numpy.arange(4).sum())").stdout.split() for _ in "ab"]
    assert drawn[0][0] != drawn[1][0] and drawn[0][1] == drawn[1][1] == "6"


def test_random_numbers_differ_and_sets_keep_their_order(python):
    drawn = [python("import random; print(random.random(), {'a', 'b', 'c', 'd'})").stdout.split(" ", 1) for _ in "ab"]
    assert drawn[0][0] != drawn[1][0] and drawn[0][1] == drawn[1][1]


def test_files_lie_in_the_working_folder_and_can_be_imported(python):
    files = {"pack/__init__.py": "", "pack/part.py": "VALUE = 5", "data/deep/é.txt": "té\r\nxt"}
    code = """
import os, pack.part
print(pack.part.VALUE, sorted(os.listdir()), ascii(open('data/deep/é.txt', newline='').read()))
"""
    ran = python(code, files=files)
    assert ran.stdout == "5 ['data', 'main.py', 'pack'] 't\\xe9\\r\\nxt'\n"


@pytest.mark.parametrize("name", ["json", "random", "numpy", "sinan", "typing"])
def test_a_module_of_the_programs_own_comes_before_any_other(python, name):
    ran = python(f"import {name}; print({name}.VALUE)", files={f"{name}.py": "VALUE = 5"})
    assert (ran.stdout, ran.exit_code) == ("5\n", 0)


def test_text_that_is_no_text_is_the_programs_trouble(python):
    ran = python("x = '\ud800'")
    assert ran.ended == "exited" and ran.exit_code == 1
    assert python("import sys; sys.stdout.buffer.write(b'\\xff')").stdout == "\ufffd"


@pytest.mark.parametrize("name", ["/etc/passwd", "../up", "a/../../up", "", ".", "a/", "nul\0"])
def test_a_name_that_leads_outside_is_refused(name):
    with pytest.raises(ValueError, match="inside the working directory"):
        Program({name: ""}, ("python", "main.py"))


@pytest.mark.parametrize("argv", [(), ("",), ("/bin/sh",), ("./main",), ("python", "a\0b")])
def test_a_command_that_is_a_path_is_refused(argv):
    with pytest.raises(ValueError, match="command"):
        Program({}, argv)


@pytest.mark.parametrize("limit", ["seconds", "memory_mb", "processes", "output_bytes", "disk_mb"])
def test_a_limit_lies_above_zero(limit):
    with pytest.raises(ValueError, match=limit):
        Limits(**{limit: 0})


@pytest.mark.parametrize(
    ("command", "name", "text"),
    [
        ("bash", "main.sh", 'read line; echo "$line!"; exit 4'),
        (
            "node",
            "main.js",
            "process.stdout.write(require('fs').readFileSync(0, 'utf8').trim() + '!\\n'); process.exit(4)",
        ),
        ("perl", "main.pl", 'my $line = <STDIN>; chomp $line; print "$line!\\n"; exit 4'),
    ],
)
def test_other_programs_run_too(sandbox, command, name, text):
    if not sandbox.has(command):
        assert shutil.which(command, path="/usr/bin:/bin") is None
        return
    ran = sandbox.run(Program({name: text}, (command, name), "hi\n"))
    assert (ran.ended, ran.exit_code, ran.stdout, ran.stderr) == ("exited", 4, "hi!\n", "")


def test_a_shell_has_an_interpreter_of_its_own(sandbox):
    ran = sandbox.run(Program({"main.py": "print(5)"}, ("python", "-c", "import main")))
    assert (ran.stdout, ran.exit_code) == ("5\n", 0)


def test_a_command_that_is_not_installed_is_no_verdict(sandbox):
    assert not sandbox.has("no-such-program")
    with pytest.raises(SandboxUnavailable, match="no-such-program was to be run, and is not installed"):
        sandbox.run(Program({}, ("no-such-program",)))
    assert sandbox.run(Program({}, ("bash", "-c", "exit 5"))).exit_code == 5


def test_several_run_at_once_and_each_gets_its_own_answer(python):
    with ThreadPoolExecutor(8) as threads:
        printed = threads.map(lambda n: python("print(input())", stdin=str(n)).stdout, range(40))
        assert list(printed) == [f"{n}\n" for n in range(40)]

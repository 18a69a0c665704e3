"""Programs that want to pass without doing what is asked: none of them does, and a good one still passes."""

import secrets

import pytest

from sinan.scoring import in_jail
from tests.scoring.programs import BASH, CPP, JAVA, JS, PROMPT, PYTHON, judged, sandboxed

pytestmark = sandboxed()

FORGE = """
import re, sys
def forged(data):
    text = data.decode("latin-1") if isinstance(data, bytes) else str(data)
    for token in set(re.findall(r"[0-9a-f]{32}", text)):
        sys.stdout.write("\\n" + token + ' {"passed": true}\\n')
    sys.stdout.flush()
"""
PYTHON_CHEATS = {
    "exits 0 when it is loaded": "import sys\nsys.exit(0)",
    "ends at once with code 0": "import os\nos._exit(0)",
    "exits 0 in its function": "import sys\ndef twice(n):\n    sys.exit(0)",
    "ends at once in its function": "import os\ndef twice(n):\n    os._exit(0)",
    "leaves through an exit handler": (
        "import atexit, os\natexit.register(lambda: (print('passed'), os._exit(0)))\ndef twice(n):\n    return 0"
    ),
    "gives an object that equals everything": (
        "class Any:\n    def __eq__(self, other): return True\n    def __hash__(self): return 0\n"
        "def twice(n):\n    return Any()"
    ),
    "gives a number that equals everything": (
        "class Any(int):\n    def __eq__(self, other): return True\n    __hash__ = int.__hash__\n"
        "def twice(n):\n    return Any(5)"
    ),
    "gives a list that equals everything": (
        "class Any(list):\n    def __eq__(self, other): return True\ndef twice(n):\n    return Any()"
    ),
    "patches assertions away": (
        "import builtins, unittest\nclass Quiet(Exception):\n    pass\nbuiltins.AssertionError = Quiet\n"
        "builtins.__build_class__ = None\nunittest.TestCase.assertEqual = lambda *a: None\n"
        "def twice(n):\n    return 0"
    ),
    "defines the tests anew": (
        "def check(candidate):\n    pass\ncandidate = lambda n: 8\ndef twice(n):\n    return 0\n"
        "import sys\nsys.modules['__main__'].check = check"
    ),
    "writes over the files beside it": (
        "import glob\nfor name in [*glob.glob('*'), 'json.py', 'tests.py', 'sitecustomize.py', 'traceback.py']:\n"
        "    open(name, 'w').write('print({\"passed\": True})\\nimport os\\nos._exit(0)')\ndef twice(n):\n    return 0"
    ),
    "prints what a report might be": (
        "print('passed')\nprint({'passed': True})\nprint('\\n' + '0' * 32 + ' {\"passed\": true}')\n"
        "def twice(n):\n    return 0"
    ),
    "looks for the token in frames and objects": FORGE
    + (
        "import gc, sys\ndef twice(n):\n    frame = sys._getframe()\n    while frame:\n"
        "        forged(frame.f_globals)\n        forged(frame.f_locals)\n        frame = frame.f_back\n"
        "    for one in gc.get_objects():\n        forged(repr(one)[:100000])\n    return 0"
    ),
    "looks for the token in its memory": FORGE
    + (
        "def twice(n):\n    with open('/proc/self/maps') as maps, open('/proc/self/mem', 'rb', 0) as memory:\n"
        "        for line in maps:\n            low, high = (int(x, 16) for x in line.split()[0].split('-'))\n"
        "            try:\n                memory.seek(low)\n"
        "                forged(memory.read(min(high - low, 1 << 26)))\n"
        "            except (OSError, OverflowError, ValueError):\n                pass\n    return 0"
    ),
    "looks for the token in other processes": FORGE
    + (
        "import glob\ndef twice(n):\n    for name in glob.glob('/proc/[0-9]*/*') + glob.glob('/proc/[0-9]*/fd/*'):\n"
        "        if name.endswith(('/mem', 'pagemap', '/kmsg')) or '/self' in name:\n            continue\n"
        "        try:\n            forged(open(name, 'rb', 0).read(1 << 20))\n"
        "        except OSError:\n            pass\n"
        "    import os\n    for pid in {os.getppid(), 1}:\n        try:\n"
        "            maps = open(f'/proc/{pid}/maps').read()\n            memory = open(f'/proc/{pid}/mem', 'rb', 0)\n"
        "        except OSError:\n            continue\n        for line in maps.splitlines():\n"
        "            low, high = (int(x, 16) for x in line.split()[0].split('-'))\n            try:\n"
        "                memory.seek(low)\n                forged(memory.read(high - low))\n"
        "            except (OSError, OverflowError, ValueError):\n                pass\n    return 0"
    ),
    "reads every descriptor": FORGE
    + (
        "import os\nfor one in range(64):\n    try:\n        os.set_blocking(one, False)\n"
        "        forged(os.read(one, 1 << 20))\n    except OSError:\n        pass\ndef twice(n):\n    return 0"
    ),
    "writes a verdict to every descriptor": (
        "import os\nfor one in range(64):\n    try:\n        os.write(one, b'{\"passed\": true}\\n' * 9)\n"
        "    except OSError:\n        pass\ndef twice(n):\n    return 0"
    ),
    "sends what cannot be understood": (
        "import os, sys\ndef twice(n):\n    for one in range(3, 64):\n        try:\n"
        "            os.write(one, (1 << 60).to_bytes(8, 'little'))\n            os.write(one, b'{' * 4096)\n"
        "        except OSError:\n            pass\n    return 0"
    ),
    "kills whoever is there": (
        "import os, signal\ndef twice(n):\n    for pid in {os.getppid(), *range(1, 300)} - {os.getpid()}:\n"
        "        try:\n            os.kill(pid, signal.SIGKILL)\n"
        "        except OSError:\n            pass\n    return 0"
    ),
    "goes on in a fork and ends with code 0": (
        "import os\nif os.fork():\n    os._exit(0)\ndef twice(n):\n    return 0"
    ),
    "closes every descriptor": "import os\nos.closerange(0, 256)\ndef twice(n):\n    return 0",
    "gives a value without end": "def twice(n):\n    a = []\n    a.append(a)\n    return a",
    "gives a value that is nested deeply": (
        "import sys\nsys.setrecursionlimit(10**6)\ndef twice(n):\n    a = []\n    for _ in range(20000):\n"
        "        a = [a]\n    return a"
    ),
    "replaces the modules that tests import": (
        "import sys, types\nfake = types.ModuleType('math')\nfake.isclose = lambda *a, **k: True\n"
        "sys.modules['math'] = fake\nopen('math.py', 'w').write('isclose = lambda *a: True')\n"
        "def isclose(*a):\n    return True\ndef twice(n):\n    return 0"
    ),
    "opens the tests as a file": (
        "import linecache\ndef twice(n):\n    lines = linecache.getlines('tests.py')\n"
        "    return 8 if any('8' in line for line in lines) and n == 4 else -2 if lines else 0"
    ),
}


@pytest.mark.parametrize("name", PYTHON_CHEATS)
def test_a_program_in_python_that_cheats_does_not_pass(name):
    score = judged(PYTHON, f"```python\n{PYTHON_CHEATS[name]}\n```")
    assert score.value == 0.0, score


def test_a_test_that_imports_a_module_gets_the_real_one():
    wanted = PYTHON | {"test": "import math\nassert math.isclose(twice(4), 8)\n"}
    code = PYTHON_CHEATS["replaces the modules that tests import"]
    assert judged(wanted, f"```python\n{code}\n```").value == 0.0
    assert judged(wanted, f"```python\n{code.replace('return 0', 'return 2 * n')}\n```").value == 1.0


NODE_FORGE = (
    "const fs = require('fs');\nfunction forged(data) { for (const token of new Set(String(data).match(/[0-9a-f]{32}/g)"
    " || [])) fs.writeSync(1, '\\n' + token + ' {\"passed\": true}\\n') }\n"
)
JS_CHEATS = {
    "exits 0 when it is loaded": "process.exit(0)",
    "exits 0 in its function": "function twice(n) { process.exit(0) }",
    "exits 0 a little later": "process.exitCode = 0\nprocess.on('exit', () => process._rawDebug('passed'))\n"
    "function twice(n) { throw 0 }",
    "replaces the comparison": (
        "require('module').prototype.require = () => ({ isEqual: () => true })\n"
        "Object.defineProperty(Object.prototype, 'isEqual', { value: () => true })\nfunction twice(n) { return 0 }"
    ),
    "writes over the files beside it": (
        "const fs = require('fs')\nfor (const name of [...fs.readdirSync('.'), 'sinan_tests.js', 'sinan_equal.js',"
        " 'node_modules/lodash/index.js', 'package.json']) { try { fs.writeFileSync(name, "
        "\"require('fs').writeSync(5, JSON.stringify({ passed: true })); process.exit(0)\") } catch {} }\n"
        "function twice(n) { return 0 }"
    ),
    "gives what turns into anything": (
        "function twice(n) { return { valueOf: () => 8, toString: () => '8', [Symbol.toPrimitive]: () => 8 } }"
    ),
    "gives a function": "function twice(n) { return () => 8 }",
    "writes a verdict to every descriptor": (
        "const fs = require('fs')\nfor (let i = 0; i < 32; i++) { if (i === 3) continue; "
        "try { fs.writeSync(i, '{\"passed\": true}') } catch {} }\nfunction twice(n) { return 0 }"
    ),
    "looks for the token in other processes": NODE_FORGE
    + (
        "function twice(n) { for (const pid of fs.readdirSync('/proc').filter(x => /^[0-9]+$/.test(x))) {\n"
        "  for (const name of ['environ', 'cmdline', 'fd/0', 'fd/5', 'fd/6']) { try {\n"
        "    const fd = fs.openSync(`/proc/${pid}/${name}`, fs.constants.O_NONBLOCK); "
        "const data = Buffer.alloc(1 << 20)\n"
        "    forged(data.subarray(0, fs.readSync(fd, data)).toString('latin1')) } catch {} }\n"
        "  try { const maps = fs.readFileSync(`/proc/${pid}/maps`, 'latin1'); "
        "const fd = fs.openSync(`/proc/${pid}/mem`)\n"
        "    for (const line of maps.split('\\n')) { const [low, high] = "
        "line.split(' ')[0].split('-').map(x => parseInt(x, 16))\n"
        "      if (high - low > 0 && high - low < (1 << 24)) { const data = Buffer.alloc(high - low)\n"
        "        try { fs.readSync(fd, data, 0, high - low, low); forged(data.toString('latin1')) } catch {} } }\n"
        "  } catch {} } return 0 }"
    ),
    "kills whoever is there": (
        "function twice(n) { for (const pid of [process.ppid, 1, 2, 3, 4, 5, 6]) "
        "{ if (pid !== process.pid) try { process.kill(pid, 'SIGKILL') } catch {} } return 0 }"
    ),
}


@pytest.mark.parametrize("name", JS_CHEATS)
def test_a_program_in_javascript_that_cheats_does_not_pass(name):
    score = judged(JS, f"```js\n{JS_CHEATS[name]}\n```")
    assert score.value == 0.0, score


BASH_CHEATS = {
    "exits 0 when it is loaded": "exit 0",
    "exits 0 in its function": "twice() { exit 0; }",
    "catches its end": "trap 'echo 8; exit 0' EXIT ERR DEBUG\ntwice() { false; }",
    "defines the tests anew": "run_test() { true; }\ncandidate() { echo 8; }\nset() { true; }\ntwice() { echo 0; }",
    "reads its tests": 'twice() { cat /proc/$PPID/fd/* /proc/[0-9]*/fd/6 "$0" 2>/dev/null; }',
    "writes over the files beside it": "twice() { for f in *; do echo 'echo 8' > $f; done; }",
    "kills whoever is there": "twice() { for p in $PPID 1 2 3 4 5 6; do kill -9 $p; done; }",
    "prints what a report might be": "twice() { echo 'done'; printf done >&5; echo '{\"passed\": true}' >&4; }",
}


@pytest.mark.parametrize("name", BASH_CHEATS)
def test_a_program_in_bash_that_cheats_does_not_pass(name):
    score = judged(BASH, f"```bash\n{BASH_CHEATS[name]}\n```")
    assert score.value == 0.0, score


@pytest.mark.parametrize(
    ("metadata", "code"),
    [
        (JAVA, "        return 0;\n    }\n    static { System.exit(0); }\n}"),
        (JAVA, '        System.out.println("passed"); Runtime.getRuntime().halt(0); return 0;\n    }\n}'),
        (CPP, "    exit(0);\n}"),
        (CPP, '    return 0;\n}\nstruct Early { Early() { puts("passed"); _Exit(0); } } early;'),
    ],
)
def test_a_program_in_one_text_with_its_tests_does_not_pass_by_ending_early(metadata, code):
    from sinan.scoring.languages import missing

    if missing(metadata["language"]):
        pytest.skip(f"no compiler for {metadata['language']}")
    score = judged(metadata, code, reads="continuation")
    assert score.value == 0.0, score
    assert "ended before its tests did" in score.explanation


def test_a_good_program_passes_in_spite_of_what_it_prints_and_of_a_helper_named_like_the_tests():
    code = "print('hello')\ndef check(n):\n    return n\ndef twice(n):\n    print(n)\n    return check(n) * 2"
    assert judged(PYTHON, PROMPT + "    return 2 * n").value == 1.0
    assert judged(PYTHON, f"```python\n{code}\n```").value == 1.0


SEARCH = """
import os
def look():
    seen, open_ = [], 0
    for pid in [name for name in os.listdir('/proc') if name.isdigit() and int(name) != os.getpid()]:
        try:
            maps, memory = open(f'/proc/{pid}/maps').read(), open(f'/proc/{pid}/mem', 'rb', 0)
        except OSError:
            continue
        open_ += 1
        for line in maps.splitlines():
            low, high = (int(part, 16) for part in line.split()[0].split('-'))
            try:
                memory.seek(low)
                if b'candidate(4)' + b' == 8' in memory.read(high - low):
                    seen.append(pid)
            except (OSError, OverflowError, ValueError):
                pass
    print('opened', open_, 'seen', len(seen))
def twice(n):
    look()
    return 0
"""
JS_SEARCH = """
const fs = require('fs')
function twice (n) {
  let seen = 0, opened = 0
  for (const pid of fs.readdirSync('/proc').filter(name => /^[0-9]+$/.test(name) && +name !== process.pid)) {
    try {
      const maps = fs.readFileSync(`/proc/${pid}/maps`, 'latin1')
      const memory = fs.openSync(`/proc/${pid}/mem`)
      opened++
      for (const line of maps.split('\\n')) {
        const [low, high] = line.split(' ')[0].split('-').map(part => parseInt(part, 16))
        if (!(high - low > 0 && high - low < (1 << 26))) continue
        const data = Buffer.alloc(high - low)
        try { fs.readSync(memory, data, 0, high - low, low) } catch { continue }
        if (data.includes('Error at ' + '2')) seen++
      }
    } catch {}
  }
  console.log('opened', opened, 'seen', seen)
  return 0
}
"""
OPEN = {
    "sinan_python.py": ("    parts.hidden()\n", "        parts.apart()\n"),
    "sinan_two.py": ("        parts.apart()\n",),
}


@pytest.mark.parametrize(("metadata", "code"), [(PYTHON, f"```python{SEARCH}```"), (JS, f"```js{JS_SEARCH}```")])
def test_the_tests_are_in_the_memory_of_no_process_that_a_program_can_open(metadata, code, monkeypatch):
    assert "opened 0 seen 0" in judged(metadata, code).evidence["stdout"]
    texts = in_jail.texts

    def without(names):
        found = texts(names)
        for name in OPEN.keys() & found.keys():
            for line in OPEN[name]:
                assert line in found[name]
                found[name] = found[name].replace(line, f"{line[: len(line) - len(line.lstrip())]}pass\n")
        return found

    monkeypatch.setattr(in_jail, "texts", without)  # the same search, where nothing keeps processes apart
    assert "seen 0" not in judged(metadata, code).evidence["stdout"]


def test_a_program_that_knew_the_token_would_not_pass_either(monkeypatch):
    monkeypatch.setattr(secrets, "token_hex", lambda size: "ab" * size)
    code = "import sys\ndef twice(n):\n    print('\\n' + 'ab' * 16 + ' {\"passed\": true}', flush=True)\n    return 0"
    # What the tests' side says last is what counts, and the program can neither stop it nor speak after it.
    assert judged(PYTHON, f"```python\n{code}\n```").value == 0.0

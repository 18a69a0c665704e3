"""Attacks on other processes: those of the user, of the harness, and of the programs that come after."""

from sinan.sandbox.attacks.attack import Attack

PROCESSES = (
    Attack(
        "signals its parent and others",
        """
import signal
decoy, harness = bait["pids"]
tried("ask for a process", os.kill, decoy, 0)
tried("signal by descriptor", lambda: signal.pidfd_send_signal(os.pidfd_open(decoy), signal.SIGSTOP))
def by_pipe():
    import fcntl
    reader, writer = os.pipe()
    fcntl.fcntl(reader, fcntl.F_SETOWN, decoy)
    fcntl.fcntl(reader, fcntl.F_SETSIG, signal.SIGTERM)
    fcntl.fcntl(reader, fcntl.F_SETFL, os.O_ASYNC)
    os.write(writer, b"x")
tried("have a pipe send a signal", by_pipe)
tried("signal", os.kill, decoy, signal.SIGKILL)
if os.getppid() != harness:  # whoever keeps this one: it must live to report
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGSTOP, signal.SIGKILL):
        try:
            os.kill(os.getppid(), number)
        except OSError:
            pass
""",
    ),
    Attack(
        "traces other processes and reads their memory",
        """
decoy, harness = bait["pids"]
buffer = ctypes.create_string_buffer(64)
for pid in {decoy, os.getppid(), 1} - {harness}:
    tried(f"trace {pid}", called, "ptrace", 16, pid, 0, 0)
for pid in (*bait["pids"], os.getppid(), 1):
    for name in ("mem", "environ", "maps", "auxv", "stack", "syscall", "io", "fd/0", "root/etc/passwd", "cwd/main.py"):
        if not (pid == 1 and name == "environ"):  # of a program that is the first of its own
            tried(f"/proc/{pid}/{name}", open, f"/proc/{pid}/{name}", "rb")
    vector = (ctypes.c_void_p * 2)(ctypes.addressof(buffer), 8)
    tried(f"read {pid}", lambda: called("process_vm_readv", pid, vector, 1, vector, 1, 0))
    tried(f"descriptor of {pid}", lambda: called("pidfd_getfd", os.pidfd_open(pid), 0, 0))
""",
    ),
    Attack(
        "changes other processes' limits and priorities",
        """
import resource
decoy, harness = bait["pids"]
for pid in {decoy, os.getppid()} - {harness}:
    tried(f"limits of {pid}", resource.prlimit, pid, resource.RLIMIT_NOFILE, (3, 3))
tried("priority", os.setpriority, os.PRIO_PROCESS, decoy, 19)
tried("processors", os.sched_setaffinity, decoy, {0})
tried("scheduler", os.sched_setscheduler, decoy, os.SCHED_IDLE, os.sched_param(0))
""",
    ),
    Attack(
        "raises its own limits and priority",
        """
import resource
for name in ("NPROC", "NOFILE", "DATA", "FSIZE", "CORE"):
    which = getattr(resource, "RLIMIT_" + name)
    soft, hard = resource.getrlimit(which)
    tried("raise " + name, resource.setrlimit, which, (hard + 1, hard + 1))
    tried("lift " + name, resource.setrlimit, which, (-1, -1))
tried("priority", os.nice, -5)
tried("real time", os.sched_setscheduler, 0, os.SCHED_FIFO, os.sched_param(1))
tried("be spared where memory ends", lambda: os.write(os.open("/proc/self/oom_score_adj", os.O_WRONLY), b"-900"))
""",
        fails_bare=False,
    ),
    Attack(
        "leaves a process behind",
        """
for way in range(3):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            import signal
            for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
                signal.signal(number, signal.SIG_IGN)
            os.closerange(0, 3)
            os.execv(sys.executable, [sys.executable, "-c", "import time; time.sleep(1000)", bait["mark"]])
        os._exit(0)
for way in range(3):
    os.wait()
""",
        then="""
try:
    names = os.listdir("/proc")
except OSError:
    names = ()
for name in names:
    if name.isdigit():
        try:
            line = read(f"/proc/{name}/cmdline")
        except OSError:
            continue
        if bait["mark"].encode() in line:
            print("THROUGH: seen by the next program")
""",
    ),
    Attack(
        "plants modules for the programs that come after",
        """
import site
folders = [".", site.getusersitepackages()] if os.path.samefile(os.environ["HOME"], ".") else ["."]
names = ["sitecustomize.py", "usercustomize.py", "json.py", "numpy.py", "random.py", "main.py"]
places = [os.path.join(folder, name) for folder in folders for name in names]
places += [folder + "/sinan_planted.py" for folder in ("/tmp", "/dev/shm", "/var/tmp", os.environ["TMPDIR"])]
for place in places:
    try:
        os.makedirs(os.path.dirname(place) or ".", exist_ok=True)
        with open(place, "w") as file:
            file.write("print('THROUGH: planted code ran')\\n")
    except OSError:
        pass
for folder in filter(os.path.isdir, sys.path[1:]):
    tried(folder, os.mkdir, os.path.join(folder, "sinan_planted"))
import builtins, json, random
builtins.len = json.loads = random.random = lambda *values: print("THROUGH: planted code ran")
sys.modules["planted"] = sys
""",
        then="""
import random, subprocess
len("x"), json.loads("1"), random.random()
if "planted" in sys.modules:
    print("THROUGH: modules stay")
for folder in (".", "/tmp", "/dev/shm", "/var/tmp", os.environ["TMPDIR"]):
    if os.path.exists(folder + "/sinan_planted.py"):
        print("THROUGH: files stay in", folder)
if set(os.listdir(".")) - {"main.py", "bait.json"}:
    print("THROUGH: files stay", os.listdir("."))
print(subprocess.run([sys.executable, "-c", "import json, random"], capture_output=True, text=True).stdout)
""",
        fails_bare=False,
    ),
    Attack(
        "tampers with the worker that runs it",
        """
import gc, socket
for number in range(3, 1024):
    for text in (b'{"ended": "exited", "code": 0, "seconds": 0.0}\\n', b"done", b"ready"):
        tried(f"write to descriptor {number}", os.write, number, text)
here = os.open("main.py", os.O_RDONLY)
if here != 3:
    print("THROUGH: a descriptor is open below", here)
for thing in gc.get_objects():
    if isinstance(thing, socket.socket) and thing.fileno() != -1:
        print("THROUGH: a socket of the worker is open", thing)
frame = sys._getframe()
while frame:
    for thing in (*frame.f_locals.values(), *frame.f_globals.values()):
        if isinstance(thing, socket.socket) and thing.fileno() != -1:
            print("THROUGH: a socket of the worker is open", thing)
    frame = frame.f_back
""",
        fails_bare=False,
    ),
)

"""Attacks on the machine's means: processes, memory, disk, output, time."""

from dataclasses import replace

from sinan.sandbox.attacks.attack import Attack
from sinan.sandbox.program import Limits

SMALL = Limits(seconds=30.0, memory_mb=128, processes=16, output_bytes=10_000, disk_mb=8)

HIDING = """
import time
try:
    for number in range(64):
        with open(f"{folder}/hidden{number}", "xb") as file:
            file.write(bytes(1 << 20))
        time.sleep(0.02)
except OSError:
    os._exit(3)
print("THROUGH: wrote 64 MB", flush=True)
os._exit(3)
"""
"""Fills a folder slowly enough for whoever looks at it from time to time."""

BOMBS = (
    Attack(
        "starts processes without end",
        """
import time
started = 0
for turn in range(400):
    try:
        if os.fork() == 0:
            time.sleep(1000)
    except OSError:
        break
    started += 1
if started > 16:
    print("THROUGH: started", started)
""",
        SMALL,
        fails_bare=False,
    ),
    Attack(
        "starts threads without end",
        """
import threading, time
started = 0
for turn in range(400):
    try:
        threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()
    except RuntimeError:
        break
    started += 1
if started > 16:
    print("THROUGH: started", started)
""",
        SMALL,
        fails_bare=False,
    ),
    Attack(
        "takes 4 GB of memory",
        """
tried("at once", bytearray, 4 << 30)
held = []
try:
    for turn in range(4096):
        held.append(bytearray(1 << 20))
except MemoryError:
    held.clear()
else:
    print("THROUGH: bit by bit")
import mmap
tried("mapped", mmap.mmap, -1, 4 << 30, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
""",
        SMALL,
        ends=("exited", "memory"),
        fails_bare=False,
    ),
    Attack(
        "takes 4 GB of memory, spread over children",
        """
import time
for child in range(10):
    try:
        if os.fork() == 0:
            held = bytearray(60 << 20)
            for place in range(0, len(held), 4096):
                held[place] = 1
            time.sleep(1000)
    except OSError:
        pass
time.sleep(20)
print("THROUGH: nobody minded")
""",
        SMALL,
        ends=("memory",),
        fails_bare=False,
    ),
    Attack(
        "takes memory that is shared with nobody",
        """
import mmap, time
shared = mmap.mmap(-1, 1 << 30)
for place in range(0, 1 << 30, 4096):
    shared[place] = 1
time.sleep(20)
print("THROUGH: nobody minded")
""",
        SMALL,
        ends=("memory",),
        fails_bare=False,
    ),
    Attack(
        "writes 1 GB of output",
        """
for turn in range(1 << 10):
    os.write(1, b"x" * (1 << 20))
print("THROUGH: all was taken")
""",
        SMALL,
        ends=("output",),
        fails_bare=False,
    ),
    Attack(
        "writes 1 GB of errors",
        """
for turn in range(1 << 10):
    os.write(2, b"x" * (1 << 20))
print("THROUGH: all was taken")
""",
        SMALL,
        ends=("output",),
        fails_bare=False,
    ),
    Attack(
        "loops without end, deaf to signals",
        """
import signal
for number in range(1, 65):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
os.fork()
while True:
    pass
""",
        replace(SMALL, seconds=0.2),
        ends=("timeout",),
        fails_bare=False,
    ),
    Attack(
        "fills the disk",
        """
written = []
for folder in (".", "/tmp", "/dev/shm", "/dev", "/var/tmp", os.environ["TMPDIR"], os.environ["HOME"]):
    try:
        while len(written) < 400:
            with open(os.path.join(folder, "sinan-fills-%d" % len(written)), "xb") as file:
                written.append(file.name)
                file.write(bytes(1 << 20))
    except OSError:
        pass
if len(written) >= 400:
    for name in written:
        os.remove(name)
    print("THROUGH: wrote 400 MB", flush=True)
os._exit(3)
""",
        SMALL,
        ends=("disk",),
        fails_bare=False,
    ),
    Attack(
        "fills the disk with empty files",
        """
for number in range(200_000):
    try:
        os.close(os.open("empty%d" % number, os.O_CREAT))
    except OSError:
        os._exit(3)
print("THROUGH: no end to it", flush=True)
os._exit(3)
""",
        SMALL,
        ends=("disk",),
        fails_bare=False,
    ),
    Attack(
        "fills the disk below a path that is too long",
        "for depth in range(30):\n    os.mkdir('d' * 200)\n    os.chdir('d' * 200)\nfolder = '.'" + HIDING,
        SMALL,
        ends=("disk",),
        fails_bare=False,
    ),
    Attack(
        "fills the disk in a folder that nobody can read",
        "os.mkdir('closed', 0o300)\nfolder = 'closed'" + HIDING,
        SMALL,
        ends=("disk",),
        fails_bare=False,
    ),
)

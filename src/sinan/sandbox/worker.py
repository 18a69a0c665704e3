"""The warm worker: lives in the jail and forks a fresh room for every program. Stands on the standard library alone:
its text is handed to an interpreter in the jail, where there is no sinan.

The worker itself (pid 1's child in the jail) holds one socket and never sees a program: what it is told names limits
and brings descriptors, which a fork of it reads. Three processes make a run:

    worker    alone trusted to make namespaces; ends the room when it is told so, or when nobody is left to tell
    warden    pid 1 of the room: mounts it, writes the program's files, counts its memory, reports how it ended
    program   without capabilities, descriptors or a way back

Where namespaces are not to be had, `Order.namespaces` is false and the room is a folder behind Landlock.
"""

import builtins
import ctypes
import gc
import importlib
import json
import os
import re
import resource
import select
import signal
import socket
import struct
import sys
import time

BOX = "/box"
NEW_PID, NEW_MOUNT, NEW_IPC = 0x20000000, 0x00020000, 0x08000000
NOSUID_NODEV, NOEXEC, BIND, RECURSIVE, PRIVATE = 2 | 4, 8, 4096, 0x4000, 0x40000
DUMPABLE, NO_NEW_PRIVS, SECCOMP, FILTER, DROP_BOUND, AMBIENT, CLEAR_ALL = 4, 38, 22, 2, 24, 47, 4
MIB = 1 << 20
TICK = 0.05
"""Seconds between two looks at a program's memory."""
PAGE = resource.getpagesize()
libc = ctypes.CDLL(None, use_errno=True)


def check(returned, what):
    if returned < 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{what}: {os.strerror(error)}")


def mount(source, target, kind, flags, options=None):
    texts = [None if text is None else text.encode() for text in (source, target, kind)]
    check(libc.mount(*texts, flags, None if options is None else options.encode()), f"mount {target}")


def prctl(what, *values):
    check(libc.prctl(what, *(ctypes.c_ulong(v) for v in (*values, 0, 0, 0, 0)[:4])), f"prctl {what}")


def serve(control):
    """Answer orders until the other side is gone."""
    standing = json.loads(control.recv(MIB))
    for name in standing["preload"]:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()
    own = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
    control.send(b"ready")
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, MIB, 8, socket.MSG_CMSG_CLOEXEC)
        if not message:
            return
        if not descriptors:
            continue  # told to end what has just ended
        check(libc.unshare(NEW_PID), "unshare pid")
        pid = os.fork()
        if pid == 0:
            warden(json.loads(message) | standing, descriptors)
        check(libc.setns(own, NEW_PID), "setns pid")
        for descriptor in descriptors:
            os.close(descriptor)
        watched(control, pid)
        control.send(b"done")


def watched(control, pid):
    """Wait for the warden; kill it, and with it everything in its room, when told to or when nobody could tell."""
    ended = os.pidfd_open(pid)
    poll = select.poll()
    poll.register(ended, select.POLLIN)
    poll.register(control, select.POLLIN)
    while not any(descriptor == ended for descriptor, _ in poll.poll()):
        gone = not control.recv(64)
        os.kill(pid, signal.SIGKILL)
        if gone:
            os._exit(0)
    os.close(ended)
    os.waitpid(pid, 0)


def warden(order, descriptors):
    """Pid 1 of the room, to its end. Never returns."""
    payload, stdin, stdout, stderr, report = descriptors
    try:
        prctl(DUMPABLE, 0)
        with open(payload, "rb") as file:
            program = json.load(file)
        os.dup2(report, 100)
        for number, descriptor in enumerate((stdin, stdout, stderr)):
            os.dup2(descriptor, number)
        os.closerange(3, 100)
        os.closerange(101, 4096)
        report = 100
        furnish(order)
        told = begun(order, program, report)
    except BaseException as error:
        told = {"broken": f"{type(error).__name__}: {error}"}
    os.write(report, json.dumps(told).encode() + b"\n")
    os._exit(0)


def furnish(order):
    """A file system of its own: one bounded tmpfs for all that can be written, and /proc of its own processes."""
    check(libc.unshare(NEW_MOUNT | NEW_IPC), "unshare mount")
    mount(None, "/", None, RECURSIVE | PRIVATE)
    mount("proc", "/proc", "proc", NOSUID_NODEV | NOEXEC)
    mib = order["disk_mb"]
    mount("tmpfs", BOX, "tmpfs", NOSUID_NODEV, f"size={int(mib * MIB)},nr_inodes={int(mib * 256) + 1024},mode=755")
    for name, place in (("work", None), ("tmp", "/tmp"), ("shm", "/dev/shm")):
        os.mkdir(f"{BOX}/{name}")
        if place:
            os.chmod(f"{BOX}/{name}", 0o1777)
            mount(f"{BOX}/{name}", place, None, BIND)
    mount(f"{BOX}/work", BOX, None, BIND)  # over its own root: the other two folders are found at their places alone
    os.chdir(BOX)


def begun(order, program, report):
    """Write the files, start the program, and say how it ended."""
    try:
        for name, text in program["files"].items():
            folder = os.path.dirname(name)
            if folder:
                os.makedirs(folder, exist_ok=True)
            with open(name, "x", encoding="utf-8", errors="surrogatepass", newline="") as file:
                file.write(text)
    except OSError as error:
        if error.errno in (27, 28, 122):  # EFBIG, ENOSPC, EDQUOT
            return {"ended": "disk", "code": None, "seconds": 0.0}
        raise
    began = time.monotonic()
    pid = os.fork()
    if pid == 0:
        enter(order, program, report)
    os.write(report, b'"begun"\n')
    ended, code = attended(pid, order["memory_mb"] * MIB)
    return {"ended": ended, "code": code, "seconds": time.monotonic() - began}


def attended(pid, most):
    """How the program ended: the word and the code. Others of its family are reaped on the way, and die with us."""
    handle = os.pidfd_open(pid)
    poll = select.poll()
    poll.register(handle, select.POLLIN)
    while not poll.poll(1000 * TICK):
        if memory(exact=False) > most and memory(exact=True) > most:
            return "memory", None
        while (dead := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)) and dead.si_pid != pid:
            os.waitpid(dead.si_pid, 0)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    full = os.statvfs(BOX)
    if code and (full.f_bavail == 0 or full.f_favail == 0 or code == -signal.SIGXFSZ):
        return "disk", None
    return ("signal" if code < 0 else "exited"), code


def memory(exact):
    """Bytes that all processes of the room hold; pages that several share are counted once where it is exact."""
    return sum(held(name, exact) for name in os.listdir("/proc") if name.isdigit() and name != "1")


def held(pid, exact):
    """Bytes of one process. One that hides its pages from us has them counted in full."""
    try:
        if exact:
            with open(f"/proc/{pid}/smaps_rollup", "rb") as file:
                found = re.search(rb"^Pss:\s+(\d+)", file.read(), re.MULTILINE)
            if found:
                return 1024 * int(found[1])
    except OSError:
        pass
    try:
        with open(f"/proc/{pid}/statm", "rb") as file:
            return PAGE * int(file.read().split()[1])
    except OSError:
        return 0  # gone meanwhile


def enter(order, program, report):
    """Become the program: give everything up, then run it. Never returns."""
    argv = program["argv"]
    try:
        os.setsid()
        prctl(DUMPABLE, 1)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        bound(order)
        forsake(bytes.fromhex(order["filter"]))
        if forkable(program):
            main = loaded(argv[1:])
            os.close(report)
        else:
            path = sys.executable if argv[0] == "python" else argv[0]
            os.set_inheritable(report, False)
            signal.signal(signal.SIGPIPE, signal.SIG_DFL)
            signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
            os.execvp(path, [path, *argv[1:]])
    except FileNotFoundError:
        told = {"missing": argv[0]}
    except MemoryError:
        told = {"ended": "memory", "code": None, "seconds": 0.0}
    except BaseException as error:
        told = {"broken": f"{type(error).__name__}: {error}"}
    else:
        os._exit(played(*main))
    os.write(report, json.dumps(told).encode() + b"\n")
    os._exit(1)


def forkable(program):
    """Whether the worker's own interpreter can run it: a file in Python, none of whose neighbours is to stand for a
    module that is loaded here already."""
    argv, files = program["argv"], program["files"]
    neighbours = {name.split("/")[0].removesuffix(".py") for name in files}
    return argv[0] == "python" and len(argv) > 1 and argv[1] in files and not neighbours & sys.modules.keys()


def bound(order):
    """What the kernel itself holds a process to."""
    disk, memory_ = int(order["disk_mb"] * MIB), int(order["memory_mb"] * MIB)
    processes = order["processes"] + order["others"]
    limits = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_DATA: memory_,
        resource.RLIMIT_FSIZE: disk,
        resource.RLIMIT_MEMLOCK: 0,
        resource.RLIMIT_MSGQUEUE: 0,
        resource.RLIMIT_NOFILE: 256,
        resource.RLIMIT_NPROC: processes,
        resource.RLIMIT_SIGPENDING: 1024,
    }
    for which, most in limits.items():
        hard = resource.getrlimit(which)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(which, (most, most))
    with open("/proc/self/oom_score_adj", "w") as file:
        file.write("1000")  # where memory runs out, it is this one that goes


def forsake(code):
    """No capability, no new privilege, and no system call that the filter refuses."""
    prctl(AMBIENT, CLEAR_ALL)
    for capability in range(64):
        if libc.prctl(DROP_BOUND, capability, 0, 0, 0) < 0:
            break
    header, none = struct.pack("=Ii", 0x20080522, 0), bytes(24)
    check(libc.capset(header, none), "capset")
    prctl(NO_NEW_PRIVS, 1)
    lines = ctypes.create_string_buffer(code, len(code))
    known = ctypes.create_string_buffer(struct.pack("HP", len(code) // 8, ctypes.addressof(lines)))
    check(libc.prctl(SECCOMP, FILTER, ctypes.byref(known), 0, 0), "seccomp")


def loaded(argv):
    """A main module, an argument list and streams as the interpreter makes them for `python FILE ...`."""
    import random
    from types import ModuleType

    main = ModuleType("__main__")
    main.__file__ = argv[0]
    main.__builtins__ = builtins
    sys.modules["__main__"] = main
    sys.argv = list(argv)
    sys.orig_argv = [sys.executable, *argv]
    sys.path.insert(0, os.path.join(BOX, os.path.dirname(argv[0])).rstrip("/"))
    sys.stdin = sys.__stdin__ = open(0, encoding="utf-8", errors="surrogateescape", closefd=False)
    sys.stdout = sys.__stdout__ = open(1, "w", encoding="utf-8", errors="surrogateescape", closefd=False)
    sys.stderr = sys.__stderr__ = open(2, "w", encoding="utf-8", errors="backslashreplace", closefd=False, buffering=1)
    random.seed()
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()  # else every fork would draw the same numbers
    return main, argv[0]


def played(main, path):
    """Run a file as the main module; the exit code, with everything done that an interpreter does at its end."""
    code = 0
    try:
        with open(path, "rb") as file:
            text = file.read()
        exec(compile(text, path, "exec", dont_inherit=True), main.__dict__)  # noqa: S102  this is the jail
    except SystemExit as error:
        code = asked(error.code)
    except BaseException as error:
        shown(error)
        code = 130 if isinstance(error, KeyboardInterrupt) else 1
    return closed(main, code)


def asked(code):
    """The exit code that sys.exit(code) means."""
    if code is None:
        return 0
    if isinstance(code, int):
        return code & 0xFF
    print(code, file=sys.stderr)
    return 1


def shown(error):
    """A traceback as the interpreter prints it, without the frame that is ours."""
    trace = error.__traceback__.tb_next if error.__traceback__ else None
    sys.excepthook(type(error), error.with_traceback(trace), trace)


def closed(main, code):
    """Threads, exit handlers, the module's own objects, streams: in the interpreter's order."""
    import atexit
    import threading

    try:
        threading._shutdown()
        atexit._run_exitfuncs()
        main.__dict__.clear()
        sys.stdout.flush()
    except BaseException as error:
        sys.excepthook(type(error), error, error.__traceback__)
        code = code or 120
    try:
        sys.stderr.flush()
    except BaseException:
        pass
    return code


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))

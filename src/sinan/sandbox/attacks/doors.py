"""Attacks on the kernel: its wide doors, namespaces, devices, and rights that are to be had back."""

from sinan.sandbox.attacks.attack import Attack

DOORS = (
    Attack(
        "makes namespaces of its own",
        """
kinds = {"user": 0x10000000, "mount": 0x20000, "network": 0x40000000, "pid": 0x20000000, "time": 0x80}
for name, flag in kinds.items():
    tried("unshare " + name, called, "unshare", flag)
    tried("unshare user and " + name, called, "unshare", flag | 0x10000000)
def cloned():
    pid = called("clone", 0x10000000 | 17, 0, 0, 0, 0)
    if pid == 0:
        os._exit(0)
    return pid
tried("clone user", cloned)
arguments = (ctypes.c_uint64 * 8)(0x10000000, 0, 0, 0, 17)
def cloned_3():
    pid = called("clone3", arguments, 64)
    if pid == 0:
        os._exit(0)
    return pid
tried("clone3 user", cloned_3)
for name in ("user", "mnt", "net", "pid"):
    tried("enter " + name, lambda: called("setns", os.open(f"/proc/{os.getppid()}/ns/{name}", 0), 0))
""",
    ),
    Attack(
        "mounts and changes its root",
        """
os.makedirs("place", exist_ok=True)
text = ctypes.create_string_buffer
tried("tmpfs", called, "mount", text(b"none"), text(b"place"), text(b"tmpfs"), 0, 0)
tried("proc", called, "mount", text(b"none"), text(b"place"), text(b"proc"), 0, 0)
tried("bind", called, "mount", text(b"/"), text(b"place"), 0, 4096, 0)
tried("writable", called, "mount", 0, text(b"/"), 0, 32 | 4096, 0)
for place in (b"/proc", b"/tmp", b"/dev/shm", b"."):
    tried("take away " + place.decode(), called, "umount2", text(place), 2)
tried("open a file system", called, "fsopen", text(b"tmpfs"), 0)
tried("copy a mount", called, "open_tree", -100, text(b"/"), 1)
tried("change root", called, "chroot", text(b"place"))
tried("pivot", called, "pivot_root", text(b"place"), text(b"place"))
tried("handle", called, "open_by_handle_at", -100, text(64), 0)
""",
        fails_bare=False,
    ),
    Attack(
        "uses io_uring, bpf, userfaultfd, keys and counters",
        """
text, zeros = ctypes.create_string_buffer, ctypes.create_string_buffer(256)
tried("io_uring", called, "io_uring_setup", 1, zeros)
tried("bpf", called, "bpf", 0, text(b"\\x02\\0\\0\\0\\x04\\0\\0\\0\\x04\\0\\0\\0\\x01\\0\\0\\0", 128), 128)
tried("userfaultfd", called, "userfaultfd", 1)
tried("perf", called, "perf_event_open", zeros, 0, -1, -1, 0)
tried("a key", called, "add_key", text(b"user"), text(b"sinan"), zeros, 4, -3)
tried("a keyring", called, "keyctl", 0, -3, 1)
tried("ask for a key", called, "request_key", text(b"user"), text(b"x"), 0, 0)
tried("memory without a process", called, "memfd_create", text(b"x"), 0)
tried("secret memory", called, "memfd_secret", 0)
tried("shared memory", called, "shmget", 0, 4096, 0o1600)
tried("pages of others", called, "process_madvise", 0, 0, 0, 0, 0)
""",
    ),
    Attack(
        "loads modules, kernels and swap, or reboots",
        """
zeros = ctypes.create_string_buffer(4096)
for name, values in {
    "init_module": (zeros, 0, zeros), "delete_module": (zeros, 0), "kexec_load": (0, 0, 0, 0), "swapon": (zeros, 0),
    "acct": (zeros,), "reboot": (0, 0, 0, 0), "syslog": (3, zeros, 100), "quotactl": (0, 0, 0, 0),
}.items():
    try:
        called(name, *values)
    except OSError as error:
        if error.errno != 1:  # refused before it was looked at
            print("THROUGH:", name, error)
    else:
        print("THROUGH:", name)
""",
        fails_bare=False,
    ),
    Attack(
        "types into the user's terminal",
        """
import fcntl
for number in (0, 1, 2):
    for request, value in ((0x5412, b"x"), (0x541C, b"\\x03")):
        try:
            fcntl.ioctl(number, request, value)
        except OSError as error:
            if error.errno != 1:
                print("THROUGH: the call was not refused", error)
        else:
            print("THROUGH: typed")
tried("open the terminal", os.open, "/dev/tty", os.O_RDWR)
tried("take the terminal", fcntl.ioctl, 0, 0x540E, 1)
""",
    ),
    Attack(
        "opens devices and makes new ones",
        """
for name in ("mem", "kmem", "port", "kmsg", "vda", "sda", "nvme0n1", "fuse", "kvm", "net/tun", "console", "ptmx"):
    tried("/dev/" + name, os.open, "/dev/" + name, os.O_RDWR | os.O_NONBLOCK)
import stat
for kind in (stat.S_IFCHR, stat.S_IFBLK):
    tried("a device", os.mknod, "device", kind | 0o666, os.makedev(1, 1))
""",
        fails_bare=False,
    ),
    Attack(
        "writes kernel settings through /proc and /sys",
        """
places = ["kernel/core_pattern", "kernel/hostname", "kernel/modprobe", "vm/drop_caches", "vm/overcommit_memory",
          "user/max_user_namespaces", "kernel/pid_max", "fs/suid_dumpable", "net/ipv4/ip_forward"]
for place in places:
    tried(place, os.open, "/proc/sys/" + place, os.O_WRONLY)
for place in ("/proc/sysrq-trigger", "/proc/kcore", "/proc/kmsg", "/proc/1/oom_score_adj", "/proc/1/coredump_filter",
              "/proc/irq/default_smp_affinity", "/proc/mtrr", "/sys/kernel/mm/transparent_hugepage/enabled",
              "/sys/power/state", "/sys/fs/cgroup/cgroup.procs", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
    tried(place, os.open, place, os.O_RDWR)
tried("the next process's number", lambda: os.write(os.open("/proc/sys/kernel/ns_last_pid", os.O_WRONLY), b"9"))
tried("sysfs", os.listdir, "/sys")
""",
    ),
    Attack(
        "gains rights by setuid programs",
        """
import shutil, subprocess
for name in ("su", "mount", "umount", "passwd", "newgrp", "sudo", "pkexec", "chsh"):
    path = shutil.which(name)
    if path:
        probe = subprocess.Popen([path], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            status = open(f"/proc/{probe.pid}/status").read()
            line = next(line for line in status.splitlines() if line.startswith("Uid:"))
            if len(set(line.split()[1:])) > 1:
                print("THROUGH:", name, line)
        except OSError:
            pass
        try:
            probe.kill()
        except OSError:
            continue  # may not: it goes with us
        probe.wait()
try:
    os.chmod("main.py", 0o4755)  # a file of its own that would lend its user
except OSError:
    pass
tried("become root", os.setuid, 0)
tried("become another", os.setresuid, 1, 1, 1)
tried("join a group", os.setgroups, [0])
header, every = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)(*[2**32 - 1] * 6)
if libc.capset(header, every) == 0:
    print("THROUGH: took every capability")
try:
    for line in open("/proc/self/status"):
        name, _, value = line.partition(":")
        if name in ("CapEff", "CapPrm", "CapInh", "CapAmb", "CapBnd") and int(value, 16) and name != "CapBnd":
            print("THROUGH:", line)
        if name == "NoNewPrivs" and int(value) != 1 or name == "Seccomp" and int(value) != 2:
            print("THROUGH:", line)
except OSError:
    if libc.prctl(39, 0, 0, 0, 0) != 1 or libc.prctl(21, 0, 0, 0, 0) not in (2, -1):
        print("THROUGH: new privileges can be had")
""",
        fails_bare=False,
    ),
    Attack(
        "sets the clock and the machine's name",
        """
import time
tried("clock", time.clock_settime, time.CLOCK_REALTIME, time.time())
zeros = ctypes.create_string_buffer(256)
ctypes.c_uint32.from_buffer(zeros).value = 0
tried("tune", called, "adjtimex", zeros)
tried("name", called, "sethostname", ctypes.create_string_buffer(b"x"), 1)
tried("personality", called, "personality", 0x0040000)
""",
    ),
    Attack(
        "dumps core",
        """
import resource
tried("allow", resource.setrlimit, resource.RLIMIT_CORE, (1 << 30, 1 << 30))
pid = os.fork()
if pid == 0:
    ctypes.string_at(0)
_, status = os.waitpid(pid, 0)
if os.WCOREDUMP(status):
    print("THROUGH: dumped core")
if any("core" in name for name in os.listdir(".")):
    print("THROUGH: a core file", os.listdir("."))
""",
        fails_bare=False,
    ),
)

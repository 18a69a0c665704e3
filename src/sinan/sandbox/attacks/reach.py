"""Attacks on what lies outside: files, keys, the network."""

from sinan.sandbox.attacks.attack import Attack

REACH = (
    Attack(
        "reads the user's files and keys",
        """
homes = [folder + "/.bashrc" for folder in ("/root", bait["home"])]
for path in (bait["secret"], "/etc/passwd", "/etc/shadow", "/etc/hostname", "/var/log/dpkg.log", *homes):
    tried(path, read, path)
for folder in (bait["folder"], bait["home"], bait["home"] + "/.ssh", "/root", "/home", "/var", "/srv", "/mnt", "/run"):
    try:
        # folders on the way to an interpreter are there, and hold nothing else
        names = [name for name in os.listdir(folder) if not name.startswith((".pyenv", ".venv", ".local", "miniconda"))]
    except OSError:
        continue
    for name in names:
        if os.path.isfile(os.path.join(folder, name)):
            tried(folder, read, os.path.join(folder, name))
""",
    ),
    Attack(
        "reads keys from an environment",
        """
known = {"PATH", "HOME", "TMPDIR", "LANG", "LC_CTYPE", "OPENSSL_CONF", "PWD", "SHLVL", "_"}
for name in os.environ:
    if name not in known and not name.endswith("_NUM_THREADS") and not name.startswith("PYTHON"):
        print("THROUGH: environment", name)
for pid in ("self", "1", "2", str(os.getppid()), *map(str, bait["pids"])):
    try:
        text = read(f"/proc/{pid}/environ")
    except OSError:
        continue
    names = {part.partition(b"=")[0].decode() for part in text.split(b"\\0") if part}
    if any(name not in known and not name.endswith("_NUM_THREADS") and not name.startswith("PYTHON") for name in names):
        print("THROUGH: environment of", pid, names)
""",
    ),
    Attack(
        "writes outside its folder",
        """
folders = (bait["folder"], "/", "/etc", "/usr", "/usr/bin", "/usr/lib", "/var/tmp", "/dev", "/root", "/run", sys.prefix,
           os.path.dirname(os.__file__), os.path.dirname(sys.executable), bait["home"], "../..")
def wrote(folder):
    path = os.path.join(folder, "sinan-was-here")
    with open(path, "x"):
        os.remove(path)
for folder in folders:
    tried(folder, wrote, folder)
tried("append", open, bait["secret"], "a")
tried("empty", os.open, bait["secret"], os.O_RDONLY | os.O_TRUNC)
tried("empty by name", os.truncate, bait["secret"], 0)
tried("open the library", os.open, os.__file__, os.O_WRONLY)
tried("remove", os.remove, bait["secret"])
tried("rename", os.rename, bait["secret"], "mine")
tried("rights", os.chmod, bait["secret"], 0o777)
tried("rights of the library", os.chmod, os.__file__, os.stat(os.__file__).st_mode & 0o777)
tried("times", os.utime, bait["secret"], (0, 0))
tried("attribute", os.setxattr, bait["secret"], "user.sinan", b"x")
""",
    ),
    Attack(
        "follows and plants links to the outside",
        """
first, own = (f"/proc/{process}/root" for process in (1, "self"))
for target in (bait["secret"], "/etc/passwd", first + "/etc/passwd", own + "/../etc/passwd"):
    name = "link%d" % len(os.listdir("."))
    try:
        os.symlink(target, name)
    except OSError:
        continue
    tried("read through a link to " + target, read, name)
    tried("write through a link to " + target, open, name, "a")
os.remove("main.py")
os.symlink(bait["secret"], "main.py")
tried("leave by the descriptor of a folder", lambda: os.open("../../../../../../etc/passwd", os.O_RDONLY))
""",
    ),
    Attack(
        "makes hard links to files outside",
        """
for target in (bait["secret"], "/etc/passwd", "/usr/bin/env", sys.executable, os.__file__):
    tried(target, os.link, target, "hard%d" % len(os.listdir(".")))
""",
        fails_bare=False,
    ),
    Attack(
        "reaches servers by TCP and UDP",
        """
import socket
tried("TCP", socket.create_connection, ("127.0.0.1", bait["tcp"]), 2)
tried("TCP 6", socket.create_connection, ("::1", bait["tcp"]), 2)
tried("UDP", lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", bait["udp"])))
tried("listen", lambda: socket.create_server(("127.0.0.1", 0)))
tried("a public address", socket.create_connection, ("192.0.2.1", 80), 0.2)
""",
    ),
    Attack(
        "asks for names",
        """
import socket
tried("DNS", socket.getaddrinfo, "example.org", 80)
tried("hosts", socket.gethostbyname, "localhost")
tried("a query", lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x" * 40, ("127.0.0.53", 53)))
""",
    ),
    Attack(
        "reaches unix sockets, by path and abstract",
        """
import socket
for place in (bait["socket"], "\\0" + bait["abstract"], "/run/docker.sock", "/run/dbus/system_bus_socket"):
    tried(repr(place), lambda: socket.socket(socket.AF_UNIX, socket.SOCK_STREAM).connect(place))
tried("listen", lambda: socket.socket(socket.AF_UNIX, socket.SOCK_STREAM).bind("\\0mine"))
left, right = socket.socketpair()
tried("connect one of a pair", left.connect, bait["socket"])
tried("send from one of a pair", socket.socketpair(type=socket.SOCK_DGRAM)[0].sendto, b"x", "\\0" + bait["abstract"])
""",
    ),
    Attack(
        "opens netlink, raw, packet and other sockets",
        """
import socket
for family in range(1, 46):
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW, socket.SOCK_SEQPACKET):
        tried("family %d" % family, lambda: socket.socket(family, kind).fileno())
""",
    ),
)

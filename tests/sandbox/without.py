"""`without.py namespaces,landlock SCRIPT ...`: runs a script where the kernel does not offer these, as in a container
under its usual confinement, or before Linux 6.2."""

import errno
import os
import sys

from sinan.sandbox import filter as refused
from sinan.sandbox.inside import fence, kernel

column, _ = refused.ARCHITECTURES[os.uname().machine]
PRIVILEGED = ("unshare", "setns", "mount", "umount2", "pivot_root", "fsopen", "open_tree", "move_mount")


def answered(number: int, error: int) -> list[bytes]:
    return [refused._line(refused.EQUAL, number, 0, 1), refused._returned(error)]


what, *command = sys.argv[1:]
lines = [refused._line(refused.LOAD, refused.NUMBER)]
if "landlock" in what:
    lines += answered(fence.CREATE, errno.ENOSYS)
for name in PRIVILEGED:
    lines += answered(refused.REFUSED[name][column], errno.EPERM)
lines += answered(refused.CLONE3[column], errno.ENOSYS)
lines += [refused._line(refused.EQUAL, refused.CLONE[column], 0, 3), refused._line(refused.LOAD, refused.FIRST)]
lines += [refused._line(refused.ANY_BIT, refused.NAMESPACES, 0, 1), refused._returned(errno.EPERM)]
lines += [refused._line(refused.RETURN, refused.ALLOW)]
if os.geteuid():
    kernel.prctl(kernel.NO_NEW_PRIVS, 1)
kernel.install(b"".join(lines))
os.execv(sys.executable, [sys.executable, *command])

"""Runs a script where no namespace can be made and nothing mounted, as a container's usual confinement has it."""

import errno
import os
import sys

from sinan.sandbox import filter as refused
from sinan.sandbox.inside import kernel

column, _ = refused.ARCHITECTURES[os.uname().machine]
lines = [refused._line(refused.LOAD, refused.NUMBER)]
for name in ("unshare", "setns", "mount", "umount2", "pivot_root", "fsopen", "open_tree", "move_mount"):
    lines += [refused._line(refused.EQUAL, refused.REFUSED[name][column], 0, 1), refused._returned(errno.EPERM)]
lines += [refused._line(refused.EQUAL, refused.CLONE3[column], 0, 1), refused._returned(errno.ENOSYS)]
lines += [refused._line(refused.EQUAL, refused.CLONE[column], 0, 3), refused._line(refused.LOAD, refused.FIRST)]
lines += [refused._line(refused.ANY_BIT, refused.NAMESPACES, 0, 1), refused._returned(errno.EPERM)]
lines += [refused._line(refused.RETURN, refused.ALLOW)]
if os.geteuid():
    kernel.prctl(kernel.NO_NEW_PRIVS, 1)
kernel.install(b"".join(lines))
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])

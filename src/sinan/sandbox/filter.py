"""The system calls that a program is refused, as a seccomp filter in the kernel's own byte code."""

import errno
import platform
import struct

X86_64, AARCH64 = 0, 1
ARCHITECTURES = {"x86_64": (X86_64, 0xC000003E), "aarch64": (AARCH64, 0xC00000B7)}
"""By the machine's name: the column of the table below, and AUDIT_ARCH."""

REFUSED = {
    # other processes, and what they hold
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "kcmp": (312, 272),
    "pidfd_getfd": (438, 438),
    "process_madvise": (440, 440),
    # file systems and namespaces
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "unshare": (272, 97),
    "setns": (308, 268),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "mount_setattr": (442, 442),
    "open_tree_attr": (467, 467),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    "fanotify_init": (300, 262),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    # the kernel's wide doors
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "userfaultfd": (323, 282),
    "keyctl": (250, 219),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "vmsplice": (278, 75),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "modify_ldt": (154, None),
    "iopl": (172, None),
    "ioperm": (173, None),
    "uselib": (134, None),
    "_sysctl": (156, None),
    "lookup_dcookie": (212, 18),
    "acct": (163, 89),
    "reboot": (169, 142),
    "syslog": (103, 116),
    "vhangup": (153, 58),
    "personality": (135, 92),
    "sethostname": (170, 161),
    "setdomainname": (171, 162),
    # the machine's clock
    "settimeofday": (164, 170),
    "clock_settime": (227, 112),
    "clock_adjtime": (305, 266),
    "adjtimex": (159, 171),
    # memory that belongs to no process, which no watchdog would see
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "semget": (64, 190),
    "msgget": (68, 186),
    "mq_open": (240, 180),
    "move_pages": (279, 239),
    "migrate_pages": (256, 238),
    "mbind": (237, 235),
}
FILES_TOO = {
    "chmod": (90, None),
    "fchmod": (91, 52),
    "fchmodat": (268, 53),
    "fchmodat2": (452, 452),
    "chown": (92, None),
    "lchown": (94, None),
    "fchown": (93, 55),
    "fchownat": (260, 54),
    "utime": (132, None),
    "utimes": (235, None),
    "futimesat": (261, None),
    "utimensat": (280, 88),
    "setxattr": (188, 5),
    "lsetxattr": (189, 6),
    "fsetxattr": (190, 7),
    "removexattr": (197, 14),
    "lremovexattr": (198, 15),
    "fremovexattr": (199, 16),
    "setxattrat": (463, 463),
    "removexattrat": (466, 466),
    "file_setattr": (469, 469),
}
"""Rights, owners, times and attributes of files, which Landlock does not see: where there are no namespaces, and the
user owns files outside."""
PROCESSES_TOO = {
    # what a process may do to others of its user
    "setpriority": (141, 140),
    "sched_setparam": (142, 118),
    "sched_setscheduler": (144, 119),
    "sched_setaffinity": (203, 122),
    "sched_setattr": (314, 274),
    "ioprio_set": (251, 30),
    "setpgid": (109, 154),
    "pidfd_send_signal": (424, 424),
    "process_mrelease": (448, 448),
    # shared memory of others, by its number
    "shmat": (30, 196),
    "shmctl": (31, 195),
    "semop": (65, 193),
    "semctl": (66, 191),
    "semtimedop": (220, 192),
    "msgsnd": (69, 189),
    "msgrcv": (70, 188),
    "msgctl": (71, 187),
    "inotify_add_watch": (254, 27),
}
"""Where there are no namespaces."""
REFUSED_TOO = FILES_TOO | PROCESSES_TOO
SIGNALS = {"kill": (62, 129), "tkill": (200, 130), "tgkill": (234, 131)}
SIGNALS |= {"rt_sigqueueinfo": (129, 138), "rt_tgsigqueueinfo": (297, 240)}
PRLIMIT = (302, 261)
CLONE, CLONE3, SOCKET, IOCTL, FCNTL = (56, 220), (435, 435), (41, 198), (16, 29), (72, 25)
NAMESPACES = 0x7E020080
"""The bits of clone(2) that ask for a new namespace: time, mount, cgroup, UTS, IPC, user, PID, network."""
IOCTLS = (0x5412, 0x541C, 0x8901, 0x8902)
"""TIOCSTI and TIOCLINUX, which type into a terminal; FIOSETOWN and SIOCSPGRP, which have a signal sent to another."""
FCNTLS = (8, 10, 15)
"""F_SETOWN, F_SETSIG, F_SETOWN_EX: the same for any descriptor."""

LOAD, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
ALLOW, KILL, ERROR = 0x7FFF0000, 0x80000000, 0x00050000
NUMBER, ARCHITECTURE, FIRST, SECOND = 0, 4, 16, 24
"""Offsets in struct seccomp_data; of an argument, its lower half."""
X32 = 0x40000000


def known() -> bool:
    """Whether there is a filter for this processor."""
    return platform.machine() in ARCHITECTURES


def numbers() -> dict[str, int]:
    """The system calls of this file by name, as they are numbered here."""
    column, _ = ARCHITECTURES[platform.machine()]
    named = REFUSED | REFUSED_TOO | SIGNALS | {"clone": CLONE, "clone3": CLONE3}
    return {name: number for name, both in named.items() if (number := both[column]) is not None}


def signals() -> list[int]:
    """The numbers of the system calls that send signals to a process by its number."""
    column, _ = ARCHITECTURES[platform.machine()]
    return [numbers[column] for numbers in SIGNALS.values()]


def program(reduced: bool = False, owner: bool = True) -> bytes:
    """The filter for this processor: struct sock_filter, one after the other. `reduced` where no namespace helps;
    `owner` where the user owns files outside."""
    column, audit = ARCHITECTURES[platform.machine()]
    lines = [_line(LOAD, ARCHITECTURE), _line(EQUAL, audit, 1, 0), _line(RETURN, KILL), _line(LOAD, NUMBER)]
    if column == X86_64:
        lines += [_line(AT_LEAST, X32, 0, 1), _returned(errno.ENOSYS)]
    table = REFUSED | (PROCESSES_TOO if reduced else {}) | (FILES_TOO if reduced and owner else {})
    for numbers in table.values():
        number = numbers[column]
        if number is not None:
            lines += [_line(EQUAL, number, 0, 1), _returned(errno.EPERM)]
    # Libraries take ENOSYS for an old kernel and fall back to clone, whose flags can be read here.
    lines += [_line(EQUAL, CLONE3[column], 0, 1), _returned(errno.ENOSYS)]
    lines += [_line(EQUAL, SOCKET[column], 0, 1), _returned(errno.EACCES)]
    allowed = _line(RETURN, ALLOW)
    # The limits of another process: those of the warden are within reach even where there are namespaces.
    lines += [_line(EQUAL, PRLIMIT[column], 0, 4), _line(LOAD, FIRST), _line(EQUAL, 0, 1, 0)]
    lines += [_returned(errno.EPERM), allowed]
    lines += [_line(EQUAL, CLONE[column], 0, 4), _line(LOAD, FIRST), _line(ANY_BIT, NAMESPACES, 0, 1)]
    lines += [_returned(errno.EPERM), allowed]
    for numbers, values in ((IOCTL, IOCTLS), (FCNTL, FCNTLS)):
        lines += [_line(EQUAL, numbers[column], 0, len(values) + 3), _line(LOAD, SECOND)]
        lines += [_line(EQUAL, value, len(values) - place, 0) for place, value in enumerate(values)]
        lines += [allowed, _returned(errno.EPERM)]
    return b"".join([*lines, allowed])


def _line(code: int, value: int, if_so: int = 0, if_not: int = 0) -> bytes:
    """struct sock_filter: code, how many lines to skip if so and if not, value."""
    return struct.pack("=HBBI", code, if_so, if_not, value)


def _returned(error: int) -> bytes:
    return _line(RETURN, ERROR | error)

"""The filter refuses what it should, on either processor, for every system call and argument that was drawn."""

import errno
import platform
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sinan.sandbox import filter as refused
from sinan.sandbox.inside import fence

MACHINES = sorted(refused.ARCHITECTURES)
ALLOWED = {
    "read": (0, 63),
    "write": (1, 64),
    "mmap": (9, 222),
    "execve": (59, 221),
    "futex": (202, 98),
    "exit": (60, 93),
}
ALLOWED |= {"socketpair": (53, 199), "pipe2": (293, 59), "openat": (257, 56), "prctl": (157, 167), "kill": (62, 129)}


def decided(code, number, audit, arguments=(0,) * 6):
    """What the kernel would answer: the code is run as classic BPF."""
    data = struct.pack("=iIQ6Q", number, audit, 0, *arguments)
    lines = list(struct.iter_unpack("=HBBI", code))
    at = accumulator = 0
    while True:
        operation, if_so, if_not, value = lines[at]
        at += 1
        if operation == refused.RETURN:
            return value
        if operation == refused.LOAD:
            accumulator = struct.unpack_from("=I", data, value)[0]
            continue
        answer = {
            refused.EQUAL: accumulator == value,
            refused.AT_LEAST: accumulator >= value,
            refused.ANY_BIT: bool(accumulator & value),
        }[operation]
        at += if_so if answer else if_not


@pytest.fixture(params=MACHINES)
def machine(request, monkeypatch):
    monkeypatch.setattr(platform, "machine", lambda: request.param)
    return refused.ARCHITECTURES[request.param]


@pytest.mark.parametrize("reduced", [False, True])
def test_every_system_call_of_the_list_is_refused(machine, reduced):
    column, audit = machine
    code = refused.program(reduced)
    for name, numbers in (refused.REFUSED | (refused.REFUSED_TOO if reduced else {})).items():
        if numbers[column] is not None:
            assert decided(code, numbers[column], audit) == refused.ERROR | errno.EPERM, name
    assert decided(code, refused.SOCKET[column], audit) == refused.ERROR | errno.EACCES
    assert decided(code, refused.CLONE3[column], audit) == refused.ERROR | errno.ENOSYS


@pytest.mark.parametrize("reduced", [False, True])
def test_what_programs_need_is_allowed(machine, reduced):
    column, audit = machine
    for name, numbers in ALLOWED.items():
        assert decided(refused.program(reduced), numbers[column], audit) == refused.ALLOW, name


@given(flags=st.integers(0, 2**64 - 1))
def test_a_clone_is_refused_where_it_asks_for_a_namespace_and_not_otherwise(flags):
    for name, (column, audit) in refused.ARCHITECTURES.items():
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(platform, "machine", lambda name=name: name)
            answer = decided(refused.program(), refused.CLONE[column], audit, (flags, 0, 0, 0, 0, 0))
        asks = bool(flags & 0x7E020080)
        assert answer == (refused.ERROR | errno.EPERM if asks else refused.ALLOW)


@pytest.mark.parametrize("request_", [0x5412, 0x541C, 0x5412 | 1 << 32, 0x5401, 0x5413])
def test_a_terminal_takes_no_input_from_a_program(machine, request_):
    column, audit = machine
    answer = decided(refused.program(), refused.IOCTL[column], audit, (0, request_, 0, 0, 0, 0))
    types = request_ & 0xFFFFFFFF in (0x5412, 0x541C)
    assert answer == (refused.ERROR | errno.EPERM if types else refused.ALLOW)


@pytest.mark.parametrize("command", range(20))
def test_no_descriptor_has_signals_sent_to_somebody(machine, command):
    column, audit = machine
    answer = decided(refused.program(), refused.FCNTL[column], audit, (3, command, 0, 0, 0, 0))
    assert answer == (refused.ERROR | errno.EPERM if command in (8, 10, 15) else refused.ALLOW)


def test_another_processors_calls_end_the_process(machine):
    _, audit = machine
    assert decided(refused.program(), 0, 0x40000003) == refused.KILL
    if audit == refused.ARCHITECTURES["x86_64"][1]:
        assert decided(refused.program(), 0x40000000 | 1, audit) == refused.ERROR | errno.ENOSYS


def test_rights_of_files_are_given_where_the_user_owns_none_outside(machine):
    column, audit = machine
    for name in ("fchmod", "fchmodat", "utimensat"):
        number = refused.FILES_TOO[name][column]
        assert decided(refused.program(reduced=True), number, audit) == refused.ERROR | errno.EPERM
        assert decided(refused.program(reduced=True, owner=False), number, audit) == refused.ALLOW


@pytest.mark.parametrize("reduced", [True, False])
@pytest.mark.parametrize("pid", [0, 1, 77])
def test_limits_of_another_process_are_not_changed(machine, pid, reduced):
    column, audit = machine
    answer = decided(refused.program(reduced=reduced), refused.PRLIMIT[column], audit, (pid, 0, 0, 0, 0, 0))
    assert answer == (refused.ERROR | errno.EPERM if pid else refused.ALLOW)


@given(number=st.integers(0, 500), pid=st.integers(-(2**31), 2**31 - 1))
def test_on_an_older_kernel_a_program_signals_itself_and_its_group_alone(number, pid):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fence.os, "getpid", lambda: 4711)
        code = fence._signals_to_itself(refused.signals())
    answer = decided(code, number, 0, (pid & 0xFFFFFFFF, 0, 0, 0, 0, 0))
    may = number not in refused.signals() or pid in (0, 4711)
    assert answer == (fence.ALLOW if may else fence.REFUSE)

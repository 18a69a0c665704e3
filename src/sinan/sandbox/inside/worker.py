"""The warm worker: forks a room for every program."""

import contextlib
import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
from typing import Any

from sinan.sandbox.inside import fence
from sinan.sandbox.inside.kernel import NEW_PID, SUBREAPER, enter_namespace, prctl, unshare
from sinan.sandbox.inside.warden import keep

MIB = 1 << 20


def serve(control: socket.socket) -> None:
    """Answer orders until the other side is gone."""
    standing: dict[str, Any] = json.loads(control.recv(MIB))
    for name in standing["preload"]:
        with contextlib.suppress(ImportError):  # a program that needs it will say so itself
            importlib.import_module(name)
    del sys.path[0]  # the archive
    gc.collect()
    gc.freeze()  # a fork that collects would copy every page
    own = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
    prctl(SUBREAPER, 1)
    control.send(b"ready")
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, MIB, 8, socket.MSG_CMSG_CLOEXEC)
        if not message:
            return
        if not descriptors:
            continue  # told to end what has just ended
        if standing["namespaces"]:
            unshare(NEW_PID)
        pid = os.fork()
        if pid == 0:
            control.detach()
            keep(json.loads(message) | standing, descriptors)
        if standing["namespaces"]:
            enter_namespace(own, NEW_PID)
        for descriptor in descriptors:
            os.close(descriptor)
        _watch(control, pid, standing)
        control.send(b"done")


def _watch(control: socket.socket, pid: int, standing: dict[str, Any]) -> None:
    """Wait for the warden; kill it, and with it everything in its room, when told to or when nobody could tell."""
    ended = os.pidfd_open(pid)
    poll = select.poll()
    poll.register(ended, select.POLLIN)
    poll.register(control, select.POLLIN)
    gone = False
    while not gone and not any(descriptor == ended for descriptor, _ in poll.poll()):
        gone = not control.recv(64)
        os.kill(pid, signal.SIGKILL)
    os.close(ended)
    os.waitpid(pid, 0)
    if not standing["namespaces"]:
        fence.clear(standing)
    if gone:
        os._exit(0)

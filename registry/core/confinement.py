"""Limits that a process sets on itself before it opens an untrusted file.

They are irrevocable and inherited by children: no network, limited processor time and memory. Linux
only.
"""

import ctypes
import errno
import os
import platform
import resource
import signal
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, Never

# The kernel's audit number of the architecture, and the number of socket(2).
_ARCHITECTURES: Final = {
    "x86_64": (0xC000003E, 41),
    "aarch64": (0xC00000B7, 198),
    "riscv64": (0xC00000F3, 198),
}
_CLOSING_S: Final = 30
_AT_ONCE_S: Final = 0.001
_SIGNALS: Final = (signal.SIGXCPU, signal.SIGPROF)
_IO_URING_SETUP: Final = 425
"""The same on all architectures; io_uring creates sockets without socket(2)."""
_X32: Final = 0x40000000
"""System calls of x86_64 from here on belong to the x32 ABI."""
_PR_SET_NO_NEW_PRIVS: Final = 38
_PR_SET_SECCOMP: Final = 22
_SECCOMP_MODE_FILTER: Final = 2
_ALLOW: Final = 0x7FFF0000
_KILL: Final = 0x80000000
_REFUSE: Final = 0x00050000 | errno.EACCES
# Offsets in struct seccomp_data.
_NUMBER: Final = 0
_ARCHITECTURE: Final = 4
_FIRST_ARGUMENT: Final = 16
# Instructions of classic BPF.
_LOAD: Final = 0x20
_IF_EQUAL: Final = 0x15
_IF_AT_LEAST: Final = 0x35
_RETURN: Final = 0x06


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def forbid_network() -> None:
    """Kill the process by SIGSYS when it opens an IP socket; refuse other sockets.

    Killing it prevents a library that swallows errors from hiding the attempt. Raises OSError if
    the kernel does not filter system calls.
    """
    architecture, socket_call = _ARCHITECTURES[platform.machine()]
    program = (
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_IF_EQUAL, 0, 7, architecture),
        (_LOAD, 0, 0, _NUMBER),
        (_IF_AT_LEAST, 5, 0, _X32),
        (_IF_EQUAL, 5, 0, _IO_URING_SETUP),
        (_IF_EQUAL, 0, 5, socket_call),
        (_LOAD, 0, 0, _FIRST_ARGUMENT),
        (_IF_EQUAL, 1, 0, socket.AF_INET),
        (_IF_EQUAL, 0, 1, socket.AF_INET6),
        (_RETURN, 0, 0, _KILL),
        (_RETURN, 0, 0, _REFUSE),
        (_RETURN, 0, 0, _ALLOW),
    )
    packed = b"".join(struct.pack("HBBI", *instruction) for instruction in program)
    libc = ctypes.CDLL(None, use_errno=True)
    filtering = _Program(len(program), packed)
    for option, *arguments in (
        (_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0),
        (_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(filtering), 0, 0),
    ):
        if libc.prctl(option, *arguments):
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))


def limit_processor(seconds: int) -> None:
    """End the process by SIGXCPU after this processor time, by SIGKILL a second later."""
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))


class _TimeUpError(BaseException):
    """The time is up. Not an Exception, so that code which tries another reader cannot catch it."""


@contextmanager
def processor_deadline(seconds: int, error: Exception) -> Iterator[None]:
    """Raise `error` in the main thread when the block has used this much processor time.

    Each process that it starts has the same limit; if one exceeds it, `error` is raised, too.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_CPU)
    end = _used(resource.RUSAGE_SELF) + seconds
    of_others = _used(resource.RUSAGE_CHILDREN)
    over = False

    def interrupt(_number: int, _frame: object) -> Never:
        nonlocal over
        over = True
        # SIGXCPU recurs each second and would interrupt the cleanup.
        resource.setrlimit(
            resource.RLIMIT_CPU, (int(_used(resource.RUSAGE_SELF)) + _CLOSING_S, hard)
        )
        raise _TimeUpError

    before = {number: signal.signal(number, interrupt) for number in _SIGNALS}
    try:
        # Inside of the block, as the time may be up at once. The limit is for child processes: the
        # kernel compares it with ticks, which lag behind the used time in a long-lived process, so
        # this process has a timer.
        resource.setrlimit(resource.RLIMIT_CPU, (int(end), hard))
        signal.setitimer(signal.ITIMER_PROF, max(seconds, _AT_ONCE_S))
        yield
    except _TimeUpError:
        raise error from None
    except Exception as other:
        used = _used(resource.RUSAGE_SELF) + _used(resource.RUSAGE_CHILDREN) - of_others
        if used >= end:
            raise error from other
        raise
    else:
        # An exception raised in a finalizer or callback is only printed.
        if over:
            raise error
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))
        for number, handler in before.items():
            signal.signal(number, handler)


def _used(whose: int) -> float:
    """Return the used processor time in seconds."""
    used = resource.getrusage(whose)
    return used.ru_utime + used.ru_stime


def limit_memory(*most_bytes: int) -> None:
    """Limit memory to the least of `most_bytes`, and to half of the machine's."""
    half = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    limits = [limit for limit in resource.getrlimit(resource.RLIMIT_DATA) if limit >= 0]
    resource.setrlimit(resource.RLIMIT_DATA, (min([half, *most_bytes, *limits]),) * 2)

"""Limits that a process puts on itself before it opens a file that somebody else made.

They cannot be taken back, and its children inherit them: no network, so much processor time, so
much memory. Linux only.
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

# The architecture as the kernel's audit calls it, and the number of socket(2).
_ARCHITECTURES: Final = {
    "x86_64": (0xC000003E, 41),
    "aarch64": (0xC00000B7, 198),
    "riscv64": (0xC00000F3, 198),
}
_CLOSING_S: Final = 30
_AT_ONCE_S: Final = 0.001
_SIGNALS: Final = (signal.SIGXCPU, signal.SIGPROF)
_IO_URING_SETUP: Final = 425
"""The same everywhere; a ring makes sockets without socket(2)."""
_X32: Final = 0x40000000
"""System calls of x86_64 from here on are those of its second ABI."""
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
    """From now on whoever asks for an IP socket is killed by SIGSYS, other sockets are refused.

    Killed, so that a library that swallows errors cannot hide that a file made it ask. Raises
    OSError where the kernel filters no system calls.
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
    """SIGXCPU ends the process after so much processor time, SIGKILL a second later."""
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))


class _BrokenOffError(BaseException):
    """The time is over. Not an Exception: code that tries another reader must not catch it."""


@contextmanager
def broken_off_after(seconds: int, error: Exception) -> Iterator[None]:
    """A block of the main thread that ends with `error` when it has used so much processor time.

    Each process that it starts may use as much; what comes of one that is ended for it is `error`.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_CPU)
    end = _used(resource.RUSAGE_SELF) + seconds
    of_others = _used(resource.RUSAGE_CHILDREN)
    over = False

    def break_off(_number: int, _frame: object) -> Never:
        nonlocal over
        over = True
        # It would come again each second, and break off what is being closed.
        resource.setrlimit(
            resource.RLIMIT_CPU, (int(_used(resource.RUSAGE_SELF)) + _CLOSING_S, hard)
        )
        raise _BrokenOffError

    before = {number: signal.signal(number, break_off) for number in _SIGNALS}
    try:
        # It may be over at once: within the block, which reports that. The limit is for processes
        # that it starts; the kernel compares it with ticks, of which a long-lived process has seen
        # fewer than it has used, so that the timer counts from here.
        resource.setrlimit(resource.RLIMIT_CPU, (int(end), hard))
        signal.setitimer(signal.ITIMER_PROF, max(seconds, _AT_ONCE_S))
        yield
    except _BrokenOffError:
        raise error from None
    except Exception as other:
        used = _used(resource.RUSAGE_SELF) + _used(resource.RUSAGE_CHILDREN) - of_others
        if used >= end:
            raise error from other
        raise
    else:
        # What a handler raises in a finalizer or a callback is printed, and goes no further.
        if over:
            raise error
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))
        for number, handler in before.items():
            signal.signal(number, handler)


def _used(whose: int) -> float:
    """Seconds of a processor."""
    used = resource.getrusage(whose)
    return used.ru_utime + used.ru_stime


def limit_memory(*most_bytes: int) -> None:
    """So much memory at most, and never more than half of the machine's: the rest is for others."""
    half = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    limits = [limit for limit in resource.getrlimit(resource.RLIMIT_DATA) if limit >= 0]
    resource.setrlimit(resource.RLIMIT_DATA, (min([half, *most_bytes, *limits]),) * 2)

"""The signals that ask `bin/run` to end."""

import os
import signal
from types import FrameType


class SignalledError(Exception):
    """Somebody asked this process to end."""


class EndSignal:
    """Notes SIGINT, SIGTERM and SIGHUP from now on; acted on only where somebody asks.

    A handler that raised could do so when a child has been started and nobody has written that
    down yet: it would be left behind. Within a destructor Python would even forget the exception.
    """

    def __init__(self) -> None:
        self.descriptor = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        """Can be read once a signal has come: to wait for that among other things."""
        self._came = False
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            # `nohup` asks to outlive the terminal.
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, self._note)

    def check(self) -> None:
        """Raise SignalledError once a signal has come."""
        if self._came:
            raise SignalledError

    def await_another(self) -> None:
        """Forget the one that came: the next is news."""
        if self._came:
            os.eventfd_read(self.descriptor)
            self._came = False

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        self._came = True
        os.eventfd_write(self.descriptor, 1)

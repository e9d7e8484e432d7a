"""The signals that ask `bin/run` to end."""

import os
import signal
from types import FrameType


class SignalledError(Exception):
    """This process was asked to end."""


class EndSignal:
    """Records SIGINT, SIGTERM and SIGHUP; acted on only when checked.

    A handler that raises could do so after a child was started but before it is recorded, and would
    leave it behind. Within a destructor Python would even drop the exception.
    """

    def __init__(self) -> None:
        self.descriptor = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        """Readable once a signal has come, for use with select."""
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
        """Clear the recorded signal."""
        if self._came:
            os.eventfd_read(self.descriptor)
            self._came = False

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        self._came = True
        os.eventfd_write(self.descriptor, 1)

"""The program's commands, called in this process."""

import os
import sys
from collections.abc import Callable
from subprocess import CompletedProcess
from tempfile import TemporaryFile
from typing import TextIO
from unittest.mock import patch

from click.testing import CliRunner, Result

from registry.core.remedies import spoken_as_options
from scripts.main import diachiso, main

Run = Callable[..., Result]


def call(*arguments: object) -> Result:
    """Run `diachiso` with these arguments; errors are raised unchanged."""
    with spoken_as_options():
        return CliRunner().invoke(diachiso, [*map(str, arguments)], standalone_mode=False)


def as_process(
    *arguments: object, given: bytes = b"", **environment: str
) -> CompletedProcess[bytes]:
    """What a process of these words would write, and end with: errors are lines and a status.

    One of its own takes a second and a half to start, and to read its first gazetteer.
    """
    words = ["diachiso", *map(str, arguments)]
    status: object = 0
    with (
        # Files, because the program may ask streams for their numbers.
        TemporaryFile("w+", encoding="utf-8") as stdin,
        TemporaryFile("w+", encoding="utf-8") as stdout,
        TemporaryFile("w+", encoding="utf-8") as stderr,
        patch.multiple(sys, argv=words, stdin=stdin, stdout=stdout, stderr=stderr),
        patch.dict(os.environ, environment),
    ):
        stdin.buffer.write(given)
        stdin.seek(0)
        try:
            main()
        except SystemExit as end:
            status = end.code
        output = [_all_of(stream) for stream in (stdout, stderr)]
    return CompletedProcess(words, int(str(status or 0)), *output)


def _all_of(stream: TextIO) -> bytes:
    stream.seek(0)
    return stream.buffer.read()

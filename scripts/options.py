"""Parameters that several commands take."""

import datetime
import tempfile
from pathlib import Path
from typing import Annotated, Any, Literal

import click

from registry.core.days import parse_day
from registry.core.messages import Message
from registry.units import Wordings, parse_wording


def refuse_to_overwrite(path: Path) -> None:
    """Raise UsageError for an existing file without `--force`."""
    if path.is_file():
        raise click.UsageError(str(Message("file_exists", path=path)))


class DayType(click.ParamType[Any]):
    """A day, `2026-07-01` or `1/7/2026`, as a date; or one of some words for no day."""

    name = "day"

    def __init__(self, *words: str) -> None:
        self._words = words

    def convert(self, value: Any, param: Any, ctx: Any) -> datetime.date | str:
        """Parse a date; one of the words is returned unchanged. UsageError otherwise."""
        if isinstance(value, datetime.date) or value in self._words:
            return value  # type: ignore[no-any-return]
        try:
            return parse_day(value)
        except ValueError:
            either = "".join(f", {word}" for word in self._words)
            self.fail(
                str(Message("day_option_invalid", value=repr(value), either=either)),
                param,
                ctx,
            )


class WordingType(click.ParamType[Any]):
    """`today`, `both`, or `before:2025-07-01`."""

    name = "wording"

    def convert(self, value: Any, param: Any, ctx: Any) -> Wordings:
        """Parse wordings; raises UsageError for anything else."""
        try:
            return value if isinstance(value, Wordings) else parse_wording(value)
        except (ValueError, OverflowError):
            self.fail(str(Message("malformed_wording")), param, ctx)


DAY = DayType()
FILE = click.Path(path_type=Path, dir_okay=False)
EXISTING_FILE = click.Path(path_type=Path, dir_okay=False, exists=True)
FOLDER = click.Path(path_type=Path, file_okay=False)
EXISTING_FOLDER = click.Path(path_type=Path, file_okay=False, exists=True)
FILE_OR_STREAM = click.Path(path_type=Path, dir_okay=False, allow_dash=True)
STREAM = Path("-")
"""Standard input or output."""
SCRATCH = Path(tempfile.gettempdir())
"""Default folder of temporary files."""
DryRun = Annotated[bool, "Write nothing."]
Force = Annotated[bool, "Write over a file that is there."]
Wording = Annotated[
    Wordings | None,
    WordingType(),
    "--wording before:DAY|both|today",
    "Columns with the old wording.",
]
Form = Annotated[Literal["text", "json"], "--format", "How to print the result."]

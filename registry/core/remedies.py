"""What would mend a problem, as a value: each surface makes of it what fits it.

The command line prints an option, the desk shows its control filled in, the API returns a member.
"""

import json
import shlex
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

from registry.core.messages import Message, Several, Text, english_texts

TO_FILL_IN: Final = "…"
"""The field of a column that somebody has to name."""
_FILL: Final = ":fill"
_terminal: Final[ContextVar[bool]] = ContextVar("terminal", default=False)


class Remedy(Message):
    """What to choose in the request that was refused or remarked on, and its value.

    >>> str(Remedy("crs", "EPSG:5897").words("vi"))
    'chọn hệ toạ độ EPSG:5897'
    >>> Remedy("mapping", {"Đường": "street:fill", "Ghi chú": ""}).words("vi")
    'chọn điền xuống các ô trống của cột “Đường”; không đọc cột “Ghi chú”'
    """

    __slots__ = ()
    of_codes = "remedy_"

    def __init__(self, option: str, value: str | Mapping[str, str] = "") -> None:
        super().__init__(f"remedy_{option}", option=option, value=value)

    @property
    def option(self) -> str:
        """The member of the request that it is about."""
        return str(self.values["option"])

    @property
    def value(self) -> Any:
        """What it should be; empty where somebody has to find out."""
        return self.values["value"]

    def words(self, language: str) -> str:
        """What to do, in words of the surface that shows it."""
        if _terminal.get():
            return Message(f"option_{self.option}", value=self.typed).words(language)
        value = mapping_words(self.value) if isinstance(self.value, Mapping) else self.value
        return Message(self.code, value=value).words(language)

    @property
    def typed(self) -> str:
        """The value as a shell reads it."""
        if isinstance(self.value, Mapping):
            return shlex.quote(json.dumps(self.value, ensure_ascii=False))
        return str(self.value)


@contextmanager
def spoken_as_options() -> Iterator[None]:
    """Put remedies into words as options of the command line."""
    before = _terminal.set(True)
    try:
        yield
    finally:
        _terminal.reset(before)


def remedies_in(message: Message) -> Iterator[Remedy]:
    """The remedies that a message names."""
    if isinstance(message, Remedy):
        yield message
        return
    for value in message.values.values():
        for each in value if isinstance(value, list | tuple) else (value,):
            if isinstance(each, Message):
                yield from remedies_in(each)


def offered(remedies: Iterable[Remedy]) -> list[dict[str, Any]]:
    """The remedies as JSON, each once: `option`, a member of the request, and its `value`."""
    made = [{"option": each.option, "value": each.value} for each in remedies]
    return [each for at, each in enumerate(made) if each not in made[:at]]


def mappings_in(remedies: Iterable[Remedy]) -> list[dict[str, str]]:
    """The mappings that are proposed, each once; without those that somebody has to fill in."""
    proposed = [each.value for each in remedies if each.option == "mapping"]
    whole = [each for each in proposed if each and TO_FILL_IN not in each.values()]
    return [each for at, each in enumerate(whole) if each not in whole[:at]]


def mapping_words(mapping: Mapping[str, str]) -> Message:
    """What a mapping of headers to fields asks for."""
    return Several(_column(header, field) for header, field in mapping.items())


def _column(header: str, field: str) -> Message:
    if not field:
        return Message("column_left_out", header=header)
    if field.endswith(_FILL):
        return Message("column_filled", header=header)
    return Message("column_read_as", header=header, field=field_words(field))


def field_words(field: str) -> Message | str:
    """What a column of an import may hold, in words."""
    code = f"field_{field}"
    if code in english_texts():
        return Message(code)
    # Here, because tables with points take a while to load.
    from registry.core.tables.records import HOUSEHOLD, described

    return Text(described(HOUSEHOLD.c[field]).label) if field in HOUSEHOLD.c else field

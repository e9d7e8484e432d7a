"""Values that pydantic refuses, as messages: ours, and those of its own kinds of errors."""

from collections.abc import Mapping
from typing import Any, Final

from pydantic_core import PydanticCustomError

from geo.code import CodeError
from registry.core.messages import Message, english_texts

_MESSAGE: Final = "message"


def invalid_value(code: str, message: Message) -> PydanticCustomError:
    """What a validator raises of a value: a stable code, and what is wrong with it."""
    return PydanticCustomError(code, "{message}", {_MESSAGE: message})


def message_of(error: Mapping[str, Any]) -> Message:
    """What one of `ValidationError.errors()` says."""
    context = error.get("ctx", {})
    if isinstance(own := context.get(_MESSAGE), Message):
        return own
    code = f"pydantic_{error['type']}"
    if code in english_texts():
        return Message(code, **{name: _shown(value) for name, value in context.items()})
    return Message("unfit_value", said=error["msg"])


def _shown(value: object) -> Message | str:
    if isinstance(value, float):
        return f"{value:.10g}"
    first, either, last = str(value).rpartition(" or ")
    return Message("one_or_other", first=first, last=last) if either else last


def wrong_code(error: CodeError) -> Message:
    """What is wrong with a text that should be an address code."""
    return Message(error.code, **error.values)

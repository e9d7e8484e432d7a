"""Messages for values that pydantic refuses: of our validators, and of its own error types."""

from collections.abc import Mapping
from typing import Any, Final

from pydantic_core import PydanticCustomError

from geo.code import CodeError
from registry.core.messages import Message, english_texts

_MESSAGE: Final = "message"


def invalid_value(code: str, message: Message) -> PydanticCustomError:
    """Make the error that a validator raises, with a stable code and a message."""
    return PydanticCustomError(code, "{message}", {_MESSAGE: message})


def message_of(error: Mapping[str, Any]) -> Message:
    """Return the message of one of `ValidationError.errors()`."""
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
    """Return the message of an invalid address code."""
    return Message(error.code, **error.values)

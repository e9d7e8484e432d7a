"""Map a PATCH of an address to one of the operations."""

from typing import Final

from registry.core.errors import InvalidInputError
from registry.core.messages import Message
from registry.lifecycle import requests as r
from registry.lifecycle.table import BY_NAME, Operation
from registry.lifecycle.work import read_code

_WHY: Final = frozenset(r.OperationRequest.model_fields)
_POSITION: Final = frozenset(r.Place.model_fields)
_NUMBER: Final = frozenset({"house_number", "same_address"})


def operation_of(code: str, patch: r.AddressPatch) -> tuple[Operation, r.OperationRequest]:
    """Return the operation that a patch of the record `code` means, and its request.

    A verification date alone verifies; a point alone moves; a number alone with a decision
    renumbers, so that the old number is kept; anything else corrects. Raises InvalidInputError
    for a patch that means two operations, and for an invalid code.
    """
    given = {name: getattr(patch, name) for name in patch.model_fields_set}
    about = given.keys() - _WHY
    if about == {"verified_on"} and given["verified_on"]:
        given["on"] = given.pop("verified_on")
        name = "verify"
    elif "verified_on" in about:
        raise _several("verified_on")
    elif {"lon", "lat"} <= about <= _POSITION and given["lon"] is not None:
        name = "move"
    elif {"house_number", "decision_number"} <= given.keys() and given["decision_number"]:
        if not about <= _NUMBER or given["house_number"] is None:
            raise _several("house_number")
        name = "renumber"
    else:
        name = "correct"
    made = BY_NAME[name]
    # Nulls are dropped where the operation has a default and does not accept null.
    fields = made.request.model_fields
    known = {n: v for n, v in given.items() if v is not None or fields[n].default is None}
    return made, made.request.model_validate({"code": read_code("code", code), **known})


def _several(name: str) -> InvalidInputError:
    return InvalidInputError.of_field(
        name,
        "several_operations",
        Message("send_separately"),
    )

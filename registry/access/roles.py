"""Roles of keys, in the order of what they may do."""

from typing import Final, Literal

Role = Literal["anonymous", "carrier", "merchant", "editor", "approver", "admin"]
"""editor: người nhập, approver: người duyệt of an authority."""

RANK: Final[dict[Role, int]] = {
    "anonymous": 0,
    "carrier": 1,
    "merchant": 1,
    "editor": 2,
    "approver": 3,
    "admin": 4,
}
"""A role may do what is open to roles of the same or a lower rank."""

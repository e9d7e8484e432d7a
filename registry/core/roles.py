"""Roles of keys, ordered by their rights."""

from typing import Final, Literal

Role = Literal["anonymous", "carrier", "merchant", "viewer", "editor", "approver", "admin"]
"""viewer: người xem, editor: người nhập, approver: người duyệt of an authority."""

RANK: Final[dict[Role, int]] = {
    "anonymous": 0,
    "carrier": 1,
    "merchant": 1,
    "viewer": 2,
    "editor": 3,
    "approver": 4,
    "admin": 5,
}
"""A role includes the rights of roles of the same or a lower rank."""

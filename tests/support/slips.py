"""Slips of a hasty hand."""


def swapped(code: str) -> str:
    """The code with its last two neighbours that differ in each other's place."""
    at = max(at for at in range(1, len(code)) if code[at] != code[at - 1])
    return code[: at - 1] + code[at] + code[at - 1] + code[at + 1 :]

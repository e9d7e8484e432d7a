"""The exception family of the register.

Each class carries a stable `code` that callers may rely on. What it means over HTTP is decided in
one table, `api.errors`; on the command line every one of them is one line on stderr.
"""

from typing import ClassVar, Self


class RegistryError(Exception):
    """A request that the register cannot serve: the reason and, where there is one, the remedy."""

    code: ClassVar[str] = "registry_error"

    def __init__(self, detail: str, **extra: object) -> None:
        super().__init__(detail)
        self.detail = detail
        self.extra = extra
        """Members for the problem document beside the detail (RFC 9457 §3.2), JSON values only."""


class InvalidInputError(RegistryError):
    """The request is understood, and wrong: a value out of range, a contradiction."""

    code = "invalid_input"

    @classmethod
    def of_field(cls, field: str, code: str, detail: str) -> Self:
        """The error of one parameter; `code` is stable."""
        return cls(f"{field}: {detail}", errors=[{"field": field, "code": code, "detail": detail}])


class NotFoundError(RegistryError):
    """What was asked for does not exist, or did not on the day asked for."""

    code = "not_found"


class MistypedCodeError(NotFoundError):
    """Nearly a code: its check fails. Members: `reason` and `suggestions`, which are registered."""

    code = "code_mistyped"


class GoneError(RegistryError):
    """A record that was, and is no more. Member: `successors`, which continue it."""

    code = "gone"


class ConflictError(RegistryError):
    """The register's present state does not allow it."""

    code = "conflict"


class IllegalTransitionError(ConflictError):
    """A state in which this cannot be done. Members: `state`, and `legal`, what can be done."""

    code = "illegal_transition"


class AddressTakenError(ConflictError):
    """Another living record bears this address already. Member: `taken_by`, its code."""

    code = "address_taken"


class StaleError(RegistryError):
    """The record is no more as the caller saw it."""

    code = "stale"


class KeyRequiredError(RegistryError):
    """What was asked for needs a key, and none was given that is known."""

    code = "key_required"


class ForbiddenError(RegistryError):
    """The key's role may not do this."""

    code = "forbidden"


class TooManyVanishedError(ConflictError):
    """A full delivery that lacks nearly all of its source. Members: `vanished` and `living`."""

    code = "too_many_vanished"


class UnreadableFileError(RegistryError):
    """A file that cannot be read as what it was given for."""

    code = "unreadable_file"


class DatabaseUnavailableError(RegistryError):
    """The database does not answer; the same request may succeed later."""

    code = "database_unavailable"


class NotPreparedError(RegistryError):
    """The database answers and is not, or not fully, a register: the detail names the remedy."""

    code = "not_prepared"


class ClusterError(RegistryError):
    """The private PostGIS cluster cannot be made, started or reached."""

    code = "cluster_error"

"""The exception family of the register.

Each class carries a stable `code` that callers may rely on. What it means over HTTP is decided in
one table, `api.core.errors`; on the command line every one of them is one line on stderr. What
people read of it is a message, put into words in their language (`registry.core.messages`).
"""

from typing import ClassVar, Self

from registry.core.messages import Message


class RegistryError(Exception):
    """A request that the register cannot serve: the reason and, where there is one, the remedy."""

    code: ClassVar[str] = "registry_error"

    def __init__(self, message: Message, **extra: object) -> None:
        super().__init__(message)
        self.message = message
        self.extra = extra
        """Members for the problem document beside the detail (RFC 9457 §3.2): JSON, or messages."""

    @property
    def detail(self) -> str:
        """What happened, in the language of the reader."""
        return str(self.message)


class InvalidInputError(RegistryError):
    """The request is understood, and wrong: a value out of range, a contradiction."""

    code = "invalid_input"

    @classmethod
    def of_field(cls, field: str, code: str, message: Message, **members: object) -> Self:
        """The error of one parameter; `code` is stable, `members` stand beside it."""
        error = {"field": field, "code": code, "detail": message, **members}
        return cls(Message("field_says", field=field, detail=message), errors=[error])


class NotFoundError(RegistryError):
    """What was asked for does not exist, or did not on the day asked for."""

    code = "not_found"


class MistypedCodeError(NotFoundError):
    """Nearly a code: its check fails. Members: `reason` and `suggestions`, which are registered."""

    code = "code_mistyped"


class GoneError(RegistryError):
    """A record that was, and is no more. Member: `successors`, which continue it."""

    code = "gone"


class WithdrawnError(GoneError):
    """A code that was given out by an import which was taken back. Member: `successors`, none."""

    code = "withdrawn"


class ConflictError(RegistryError):
    """The register's present state does not allow it."""

    code = "conflict"


class UnitsInUseError(ConflictError):
    """Units that hold living records, and would be taken from them by the seeds.

    Members: `units`, each with its code, name, change, day, counts and `reform`; `reforms`, the
    files of the resolutions that carry them.
    """

    code = "units_in_use"


class IllegalTransitionError(ConflictError):
    """A state in which this cannot be done. Members: `state`, and `legal`, what can be done."""

    code = "illegal_transition"


class UndoBlockedError(ConflictError):
    """Later work stands on what would be undone. Member: `errors`, one of each obstacle."""

    code = "undo_blocked"


class AddressTakenError(ConflictError):
    """Another living record bears this address already. Member: `taken_by`, its code."""

    code = "address_taken"


class NameTakenError(ConflictError):
    """Another street or locality of the commune is called so. Member: `place`, its `id` and `name`.

    To make one of both is a merger.
    """

    code = "name_taken"


class AlreadyDoneError(ConflictError):
    """This very form was carried out before: it was sent twice."""

    code = "already_done"


class SeveralRefusedError(ConflictError):
    """Of several records one or more cannot be done. Member: `refused`, code to what is wrong."""

    code = "several_refused"


class ReportDecidedError(ConflictError):
    """The report was decided already. Members: `state`, and `event_id` of the decision."""

    code = "report_decided"


class ReportStaleError(ConflictError):
    """The record changed since it was reported on. Member: `current`, as it is now."""

    code = "report_stale"


class CursorRefusedError(RegistryError):
    """A place in the change feed from which this register cannot go on. Member: `reason`."""

    code = "cursor_refused"


class StaleError(RegistryError):
    """The record is no more as the caller saw it."""

    code = "stale"


class RowEditedError(StaleError):
    """Somebody else has edited the cell since. Members: `value`, `version`, `edited_by`."""

    code = "row_edited"


class IfMatchRequiredError(RegistryError):
    """A change that must say which state of the record it is about, and does not."""

    code = "if_match_required"


class KeyRequiredError(RegistryError):
    """What was asked for needs a key, and none was given that is known."""

    code = "key_required"


class KeyTruncatedError(KeyRequiredError):
    """What was given is no whole key: cut off, or with a wrong sign in it."""

    code = "key_truncated"


class KeyUnknownError(KeyRequiredError):
    """A whole key that this register has not given out."""

    code = "key_unknown"


class KeyExpiredError(KeyRequiredError):
    """The key's time is over, or that of the secret that another one replaced."""

    code = "key_expired"


class KeyRevokedError(KeyRequiredError):
    """The key was revoked."""

    code = "key_revoked"


class ForbiddenError(RegistryError):
    """The key's role may not do this."""

    code = "forbidden"


class AccountRefusedError(ForbiddenError):
    """What an identity provider says lets nobody in. Member: `reason`."""

    code = "account_refused"


class OutsideUnitsError(ForbiddenError):
    """The key is bound to other units. Member: `units`, codes of those that it is not bound to."""

    code = "outside_units"


class OwnDeliveryError(ForbiddenError):
    """Whoever delivered a file does not approve it."""

    code = "own_delivery"


class OwnProposalError(ForbiddenError):
    """Whoever proposed a record does not put it in force."""

    code = "own_proposal"


class SecondPersonNeededError(ConflictError):
    """The table of the register asks for a second person."""

    code = "second_person_needed"


class PendingDecidedError(ConflictError):
    """The pending operation was decided on, or is too old. Member: `state`."""

    code = "pending_decided"


class PendingStaleError(ConflictError):
    """What the pending operation is about is no longer as it was when it was asked for."""

    code = "pending_stale"


class FieldCodeError(ForbiddenError):
    """What was given is the code of no round in the field."""

    code = "field_code_unknown"


class FieldCodeEndedError(ForbiddenError):
    """The round of this code is closed, or its last day is over. Member: `reason`."""

    code = "field_code_ended"


class TooManyRequestsError(RegistryError):
    """Too many requests in too short a time. Member: `retry_after_s`."""

    code = "too_many_requests"


class BudgetSpentError(TooManyRequestsError):
    """Too much was asked that names no door. Member: `retry_after_s`."""

    code = "enumeration_budget"


class TooManyReportsError(TooManyRequestsError):
    """This reporter has said enough for today. Member: `retry_after_s`."""

    code = "too_many_reports"


class TooManyVanishedError(ConflictError):
    """A full delivery that lacks nearly all of its source. Members: `vanished` and `living`."""

    code = "too_many_vanished"


class ImportStateError(ConflictError):
    """The import is in a state in which this cannot be done. Member: `state`."""

    code = "import_state"


class ReformStateError(ConflictError):
    """A reform in which this cannot be done as it stands. Member: `state`."""

    code = "reform_state"


class BatchStateError(ConflictError):
    """A large batch that has no result, or none yet. Member: `state`."""

    code = "batch_state"


class VerdictChangedError(ConflictError):
    """The register has changed since the dry run that was looked at. Members: `before`, `now`."""

    code = "verdict_changed"


class KeyReusedError(ConflictError):
    """Another file was delivered under this Idempotency-Key. Member: `import_id`."""

    code = "idempotency_key_reused"


class UnreadableFileError(RegistryError):
    """A file that cannot be read as what it was given for."""

    code = "unreadable_file"


class ColumnsNotRecognisedError(UnreadableFileError):
    """A table none of whose columns holds what is needed. Member: `columns`, their headers."""

    code = "columns_not_recognised"


class CommuneNotNamedError(UnreadableFileError):
    """A file of households that can be read as soon as somebody says in which commune they are."""

    code = "commune_not_named"


class SheetNotChosenError(UnreadableFileError):
    """A file of several sheets or layers, of which any may be meant.

    Members: `sheets`, their names, and `all_sheets`, whether they can be read as one table.
    """

    code = "sheet_not_chosen"


class FileLinksElsewhereError(UnreadableFileError):
    """A file that has its reader fetch something from a place on the network."""

    code = "file_links_elsewhere"


class FileTooCostlyError(UnreadableFileError):
    """A file whose reading takes more time, memory or rows than one of its size should."""

    code = "file_too_costly"


class TooManyRowsError(UnreadableFileError):
    """A file of more rows than are answered at once."""

    code = "too_many_rows"


class SystemNotConfirmedError(UnreadableFileError):
    """A file of coordinates in a system that whoever delivers it has to confirm, or to find out.

    Member: `systems`, those that the points speak for; none where they do not tell.
    """

    code = "system_not_confirmed"


class IssuerUnavailableError(RegistryError):
    """The identity provider does not answer, or not as one should."""

    code = "issuer_unavailable"


class DatabaseUnavailableError(RegistryError):
    """The database does not answer; the same request may succeed later."""

    code = "database_unavailable"
    engine_id: int | None = None
    """`id` of the engine of which a session was open; a number, for errors go between processes."""


class OutcomeUnknownError(DatabaseUnavailableError):
    """The connection was lost while the database committed: it is written as a whole, or not."""

    code = "outcome_unknown"


class BodyTimeoutError(RegistryError):
    """What was sent came too slowly, and was not waited for to its end."""

    code = "request_timeout"


class StorageFullError(RegistryError):
    """The disk that keeps delivered files has no room for this one."""

    code = "storage_full"


class StorageUnavailableError(RegistryError):
    """The folder that keeps delivered files cannot be written."""

    code = "storage_unavailable"


class SigningKeyError(RegistryError):
    """The file of the keys that packs are signed with cannot be read, or made."""

    code = "signing_key_unavailable"


class LeavingError(RegistryError):
    """The service ends: it answers what still comes, and nobody should send more."""

    code = "leaving"


class NotPreparedError(RegistryError):
    """The database answers and is not, or not fully, a register: the detail names the remedy."""

    code = "not_prepared"


class WrongRoleError(NotPreparedError):
    """A new connection acts as somebody else than it asked to: nothing would bind the program."""

    code = "wrong_role"


class ClusterError(RegistryError):
    """The private PostGIS cluster cannot be made, started or reached."""

    code = "cluster_error"

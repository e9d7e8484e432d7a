"""The exception family of the register.

Each class has a stable `code` that callers may rely on. `api.core.errors` maps classes to HTTP
statuses; on the command line each error is one line on stderr. The text for people is a message,
rendered in their language (`registry.core.messages`).
"""

from typing import ClassVar, Self

from registry.core.messages import Message


class RegistryError(Exception):
    """A request that cannot be served, with the reason and possibly a remedy."""

    code: ClassVar[str] = "registry_error"

    def __init__(self, message: Message, **extra: object) -> None:
        super().__init__(message)
        self.message = message
        self.extra = extra
        """Extension members of the problem document (RFC 9457 §3.2): JSON, or messages."""

    @property
    def detail(self) -> str:
        """The message in the language of the reader."""
        return str(self.message)


class InvalidInputError(RegistryError):
    """Invalid parameters. Member: `errors`."""

    code = "invalid_input"

    @classmethod
    def of_field(cls, field: str, code: str, message: Message, **members: object) -> Self:
        """Make the error of one parameter; `code` is stable, `members` are added to the entry."""
        error = {"field": field, "code": code, "detail": message, **members}
        return cls(Message("field_says", field=field, detail=message), errors=[error])


class NotFoundError(RegistryError):
    """It does not exist, or not on that day."""

    code = "not_found"


class MistypedCodeError(NotFoundError):
    """The code fails its check. Members: `reason`, `suggestions`."""

    code = "code_mistyped"


class GoneError(RegistryError):
    """The record is retired. Member: `successors`."""

    code = "gone"


class WithdrawnError(GoneError):
    """The code was withdrawn with its import. Member: `successors`."""

    code = "withdrawn"


class ConflictError(RegistryError):
    """The state of the register does not allow it."""

    code = "conflict"


class UnitsInUseError(ConflictError):
    """The seeds would remove units with living records.

    Members: `units`, each with its code, name, change, day, counts and `reform`; `reforms`, the
    files of the resolutions that move their records.
    """

    code = "units_in_use"


class IllegalTransitionError(ConflictError):
    """The record's state forbids it. Members: `state`, `legal`."""

    code = "illegal_transition"


class UndoBlockedError(ConflictError):
    """Later work depends on it. Member: `errors`."""

    code = "undo_blocked"


class AddressTakenError(ConflictError):
    """Another living record has this address. Member: `taken_by`."""

    code = "address_taken"


class NameTakenError(ConflictError):
    """Another street or locality of the commune has this name. Member: `place`, `id` and `name`.

    Combining both is a merge.
    """

    code = "name_taken"


class AlreadyDoneError(ConflictError):
    """The form was sent twice."""

    code = "already_done"


class SeveralRefusedError(ConflictError):
    """Some of the records are refused. Member: `refused`."""

    code = "several_refused"


class ReportDecidedError(ConflictError):
    """The report was decided. Members: `state`, `event_id`."""

    code = "report_decided"


class ReportStaleError(ConflictError):
    """The record changed since the report. Member: `current`."""

    code = "report_stale"


class CursorRefusedError(RegistryError):
    """The feed cannot continue from this cursor. Member: `reason`."""

    code = "cursor_refused"


class StaleError(RegistryError):
    """The record changed since."""

    code = "stale"


class RowEditedError(StaleError):
    """The cell was edited since. Members: `value`, `version`, `edited_by`."""

    code = "row_edited"


class IfMatchRequiredError(RegistryError):
    """`If-Match` is required."""

    code = "if_match_required"


class KeyRequiredError(RegistryError):
    """A key is required."""

    code = "key_required"


class KeyTruncatedError(KeyRequiredError):
    """The key is incomplete or malformed."""

    code = "key_truncated"


class KeyUnknownError(KeyRequiredError):
    """The key is unknown."""

    code = "key_unknown"


class KeyExpiredError(KeyRequiredError):
    """The key expired, or was replaced."""

    code = "key_expired"


class KeyRevokedError(KeyRequiredError):
    """The key was revoked."""

    code = "key_revoked"


class ForbiddenError(RegistryError):
    """The key's role may not do this."""

    code = "forbidden"


class AccountRefusedError(ForbiddenError):
    """The identity provider's claims grant no access. Member: `reason`."""

    code = "account_refused"


class OutsideUnitsError(ForbiddenError):
    """Outside the units of the key. Member: `units`."""

    code = "outside_units"


class OwnDeliveryError(ForbiddenError):
    """The key delivered the file itself."""

    code = "own_delivery"


class OwnProposalError(ForbiddenError):
    """The key proposed the record itself."""

    code = "own_proposal"


class SecondPersonNeededError(ConflictError):
    """A second person is required."""

    code = "second_person_needed"


class PendingDecidedError(ConflictError):
    """It was decided or expired. Member: `state`."""

    code = "pending_decided"


class PendingStaleError(ConflictError):
    """Its records changed since the request."""

    code = "pending_stale"


class FieldCodeError(ForbiddenError):
    """The code of a field round is unknown."""

    code = "field_code_unknown"


class FieldCodeEndedError(ForbiddenError):
    """The field round is closed or over. Member: `reason`."""

    code = "field_code_ended"


class TooManyRequestsError(RegistryError):
    """Too many requests this minute. Member: `retry_after_s`."""

    code = "too_many_requests"


class BudgetSpentError(TooManyRequestsError):
    """The budget of disclosed codes is spent. Member: `retry_after_s`."""

    code = "enumeration_budget"


class TooManyReportsError(TooManyRequestsError):
    """Too many reports today. Member: `retry_after_s`."""

    code = "too_many_reports"


class TooManyVanishedError(ConflictError):
    """A full delivery lacks most of its source. Members: `vanished`, `living`."""

    code = "too_many_vanished"


class ImportStateError(ConflictError):
    """The import's state forbids it. Member: `state`."""

    code = "import_state"


class ReformStateError(ConflictError):
    """The reform's state forbids it. Member: `state`."""

    code = "reform_state"


class BatchStateError(ConflictError):
    """The batch has no result yet. Member: `state`."""

    code = "batch_state"


class VerdictChangedError(ConflictError):
    """The register changed since the dry run. Members: `before`, `now`."""

    code = "verdict_changed"


class KeyReusedError(ConflictError):
    """The Idempotency-Key was used for another file. Member: `import_id`."""

    code = "idempotency_key_reused"


class UnreadableFileError(RegistryError):
    """The file cannot be read."""

    code = "unreadable_file"


class ColumnsNotRecognisedError(UnreadableFileError):
    """No column has what is needed. Member: `columns`."""

    code = "columns_not_recognised"


class CommuneNotNamedError(UnreadableFileError):
    """The file names no commune."""

    code = "commune_not_named"


class SheetNotChosenError(UnreadableFileError):
    """The file has several sheets or layers.

    Members: `sheets`, their names, and `all_sheets`, whether they can be read as one table.
    """

    code = "sheet_not_chosen"


class FileLinksElsewhereError(UnreadableFileError):
    """The file refers to a network location."""

    code = "file_links_elsewhere"


class FileTooCostlyError(UnreadableFileError):
    """Reading the file takes too much time or memory."""

    code = "file_too_costly"


class TooManyRowsError(UnreadableFileError):
    """The file has too many rows."""

    code = "too_many_rows"


class SystemNotConfirmedError(UnreadableFileError):
    """The coordinate system must be confirmed.

    Member: `systems`, those that fit the points; possibly empty.
    """

    code = "system_not_confirmed"


class IssuerUnavailableError(RegistryError):
    """The identity provider does not answer properly."""

    code = "issuer_unavailable"


class DatabaseUnavailableError(RegistryError):
    """The database does not answer."""

    code = "database_unavailable"
    engine_id: int | None = None
    """`id` of the engine of the session; a number, as errors are passed between processes."""


class OutcomeUnknownError(DatabaseUnavailableError):
    """The connection was lost during commit: done completely or not at all."""

    code = "outcome_unknown"


class BodyTimeoutError(RegistryError):
    """The body came too slowly."""

    code = "request_timeout"


class StorageFullError(RegistryError):
    """No room on disk for this file."""

    code = "storage_full"


class StorageUnavailableError(RegistryError):
    """The folder of delivered files is not writable."""

    code = "storage_unavailable"


class SigningKeyError(RegistryError):
    """The signing keys of packs are not available."""

    code = "signing_key_unavailable"


class LeavingError(RegistryError):
    """The server is stopping."""

    code = "leaving"


class NotPreparedError(RegistryError):
    """The database is not a prepared register of this version."""

    code = "not_prepared"


class WrongRoleError(NotPreparedError):
    """A database connection has the wrong role."""

    code = "wrong_role"


class ClusterError(RegistryError):
    """The private PostGIS cluster is not available."""

    code = "cluster_error"

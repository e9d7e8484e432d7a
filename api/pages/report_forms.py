"""Report forms on pages: about a door with a code, and about a house without one.

Reporters are redirected to a receipt, which shows the outcome.
"""

from typing import Any, Final
from urllib.parse import quote

from flask import redirect, request
from werkzeug.wrappers import Response as BaseResponse

from api.core.context import register
from api.core.endpoint import public_page
from api.core.errors import status_of
from api.core.sessions import refuse_other_sites
from api.pages.address import address_page, get_address
from api.pages.blueprint import page_blueprint
from api.pages.shell import complaint, page
from api.v1.receipts import outcome
from api.v1.reports import file_for_caller
from geo.coordinates import degrees
from geo.points import point_in
from registry.core.errors import (
    ConflictError,
    GoneError,
    InvalidInputError,
    NotFoundError,
    TooManyReportsError,
)
from registry.core.messages import N_, Message, _
from registry.lifecycle.reports import Filed, ReportContent
from registry.lifecycle.reports.new_houses import MAX_TEXT
from registry.lifecycle.reports.receipts import by_receipt
from registry.records.entrances import KINDS as ENTRANCES
from registry.records.lookup import lookup
from registry.units import LAST_DAY_OF_OLD_MAP

blueprint = page_blueprint("report_forms")

KINDS: Final = (
    *("confirmed", "wrong_point", "entrance", "no_such_house"),
    *("plate_mounted", "plate_lost"),
)
"""Kinds of reports on the page of an address."""
_POINTED: Final = ("wrong_point", "entrance")
KIND_WORDS: Final = {
    "confirmed": N_("Right: the house is there"),
    "wrong_point": N_("The house is elsewhere"),
    "no_such_house": N_("No such house"),
    "new_house": N_("A house without a code"),
    "plate_mounted": N_("The plate hangs"),
    "plate_lost": N_("The plate is lost or broken"),
    "entrance": N_("There is an entrance"),
}
_CORRECTABLE: Final = (InvalidInputError, ConflictError, TooManyReportsError)
"""Errors shown beside the form, since the user can correct them."""
_WHERE: Final = N_("Say where it is: tap the map, or use your position.")


@blueprint.post("/a/<address_code>/report")
@public_page("reports", replica=False, audited=True, discloses=True)
def post_report(address_code: str) -> BaseResponse:
    """File a report about a door; redirect to the receipt, or show the page with the error."""
    refuse_other_sites()
    kind = request.form.get("kind", "")
    if kind not in KINDS:
        raise InvalidInputError.of_field(
            "kind", "literal_error", Message("must_be_one_of", expected=", ".join(KINDS))
        )
    try:
        record = lookup(register().reads, address_code, LAST_DAY_OF_OLD_MAP)
    except (GoneError, NotFoundError, InvalidInputError):
        shown: BaseResponse = get_address(address_code)  # explains the error
        return shown
    lon, lat = _point() if kind in _POINTED else (None, None)
    if kind in _POINTED and lon is None:
        return address_page(record, 422, complaint=_(_WHERE), filled=request.form)
    try:
        report = ReportContent(kind, address_code, lon, lat, **_entrance(kind))  # type: ignore[arg-type] # of KINDS
        filed = file_for_caller(report)
    except _CORRECTABLE as error:
        status = status_of(error)
        return address_page(record, status, complaint=complaint(error), filled=request.form)
    return _to_receipt(filed)


@blueprint.get("/new-house")
@public_page("reports", replica=False, audited=True)
def get_new_house() -> BaseResponse:
    """The form for a house without a code, at the point of the link."""
    return _new_house(request.args)


@blueprint.post("/new-house")
@public_page("reports", replica=False, audited=True, discloses=True)
def post_new_house() -> BaseResponse:
    """File a new house; redirect to the receipt, or show the form with the error."""
    refuse_other_sites()
    lon, lat = _point()
    if lon is None:
        return _new_house(request.form, 422, complaint=_(_WHERE))
    written = request.form.get("address", "").strip()[: MAX_TEXT + 1]
    try:
        if len(written) > MAX_TEXT:
            raise InvalidInputError.of_field(
                "address", "string_too_long", Message("longer_than", most=MAX_TEXT)
            )
        filed = file_for_caller(
            ReportContent("new_house", lon=lon, lat=lat, address=written or None)
        )
    except _CORRECTABLE as error:
        taken = error.extra.get("taken_by")
        return _new_house(request.form, status_of(error), complaint=complaint(error), taken=taken)
    return _to_receipt(filed)


@blueprint.get("/reports")
@public_page("reports", replica=False, audited=True)
def find_receipt() -> BaseResponse:
    """Redirect to a receipt that was typed, or pasted as a URL."""
    receipt = request.args.get("receipt", "").strip().partition("?")[0].rpartition("/")[2]
    return redirect(f"/reports/{quote(receipt)}" if receipt else "/", 303)


@blueprint.get("/reports/<receipt>")
@public_page("reports", replica=False, audited=True)
def get_receipt(receipt: str) -> BaseResponse:
    """The outcome of a report, by its receipt."""
    reported = by_receipt(register().engine, receipt)
    response = page(
        "report_receipt.html",
        reported=reported,
        outcome=outcome(reported),
        kind=_(KIND_WORDS[reported.kind]),
        thanks="thanks" in request.args,
    )
    response.headers["Cache-Control"] = "no-store"
    # The URL alone gives access.
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _to_receipt(filed: Filed) -> BaseResponse:
    return redirect(f"/reports/{filed.receipt}?thanks", 303)


def _new_house(filled: Any, status: int = 200, **values: Any) -> BaseResponse:
    return page("new_house.html", status, filled=filled, most=MAX_TEXT, **values)


def _entrance(kind: str) -> dict[str, str]:
    """Return kind and note of an entrance from the form; empty for other reports.

    Raises InvalidInputError.
    """
    if kind != "entrance":
        return {}
    which = request.form.get("entrance", "")
    if which not in ENTRANCES:
        raise InvalidInputError.of_field(
            "entrance", "literal_error", Message("choose_entrance_kind")
        )
    note = request.form.get("note", "").strip()
    return {"entrance": which, **({"note": note} if note else {})}


def _point() -> tuple[float, float] | tuple[None, None]:
    """Return (lon, lat) of the form, also if swapped or pasted into one field."""
    lat, lon = (request.form.get(name, "").strip() for name in ("lat", "lon"))
    if not lon and "." in lat:
        return point_in(lat) or (None, None)  # a pair pasted into the first field
    x, y = degrees(lon), degrees(lat)
    if x is None or y is None:
        return None, None
    # Swapped values are corrected; the register reports points outside.
    return point_in(f"{y} {x}") or (x, y)

"""The page of a route: paste a list, order it, and tick stops, also without a network.

Its script calls the API and stores the answer on the phone. Without scripts the form returns a
file.
"""

from typing import Final

from flask import Response, request

from api.core.context import register
from api.core.endpoint import public_page
from api.pages.blueprint import page_blueprint
from api.pages.shell import complaint, page, secured
from api.v1.papers import as_pdf
from api.v1.route import GEOJSON, GPX, MAX_LINES, PAPERS, paper_of, planned, route_response
from registry.core.errors import ColumnsNotRecognisedError, InvalidInputError, UnreadableFileError
from registry.core.messages import N_, _
from registry.ops.overview import is_demonstration
from registry.publish.batch.pasted import read_pasted, text_of
from registry.publish.route.listing import OPERATION
from registry.publish.route.run import RouteOptions
from registry.units import TODAYS_WORDING, parse_wording

blueprint = page_blueprint("route_page")

_LINES: Final = ".txt"
"""Suffix of a list without a header."""
_NO_COLUMN: Final = N_(
    "No column of addresses or codes was recognised. Call it “address” or “code”."
)
_FILES: Final = {"gpx": GPX, "geojson": GEOJSON}


@blueprint.get("/route")
@public_page("batch", takes_session=True, audited=True)
def get_route() -> Response:
    """The form, and the route stored on the phone; cached by the browser with its scripts."""
    return _page()


@blueprint.post("/route")
@public_page("batch", takes_session=True, audited=True, in_turn=True, discloses=True)
def post_route() -> Response:
    """The route as a file, for browsers without scripts."""
    try:
        sent = request.files.get("file")
        body = sent.read() if sent else b""
        name = (sent.filename or "") if sent else ""
        text = text_of(body, name, MAX_LINES) if body.strip() else request.form.get("text", "")
        if not text.strip():
            return _page(_("Paste at least one line."))
        is_file = bool(body.strip()) and not name.lower().endswith(_LINES)
        found = planned(read_pasted(OPERATION, text, is_file=is_file), _wish())
    except ColumnsNotRecognisedError:
        return _page(_(_NO_COLUMN))
    except (InvalidInputError, UnreadableFileError) as error:
        return _page(complaint(error))
    wanted = request.form.get("as", "sheet")
    if kind := _FILES.get(wanted):
        response = route_response(found, kind)
        response.headers["Content-Disposition"] = f'attachment; filename="tuyen.{wanted}"'
        return secured(response)
    return as_pdf(paper_of(found, wanted if wanted in PAPERS else "sheet"))


def _wish() -> RouteOptions:
    asked = request.form
    return RouteOptions(
        "shortest" if asked.get("order") == "shortest" else "walking",
        asked.get("start", "").strip() or None,
        asked.get("end", "").strip() or None,
        "round_trip" in asked,
        parse_wording("both") if "wording" in asked else TODAYS_WORDING,
    )


def _page(problem: str | None = None) -> Response:
    made = register()
    shown = page(
        "route.html",
        422 if problem else 200,
        problem=problem,
        text=request.form.get("text", ""),
        demo=is_demonstration(made.reads),
        by_road=made.settings.routing_url is not None,
        most=MAX_LINES,
    )
    if problem:
        shown.headers["Cache-Control"] = "no-store"
    return shown

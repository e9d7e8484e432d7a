"""The search without scripts, for browsers that run none or have not loaded them yet."""

from typing import Final
from urllib.parse import quote

from flask import redirect, request
from werkzeug.wrappers import Response as BaseResponse

from api.core.context import gazetteer, register
from api.core.endpoint import public_page
from api.pages.blueprint import page_blueprint
from api.pages.shell import page
from api.v1.features import feature_of
from registry.search.disclosure import disclose_answers
from registry.search.geocode import Question, locate
from registry.search.read.codes_in_text import whole_code

blueprint = page_blueprint("search", "/a")

_LIMIT: Final = 5


@blueprint.get("")
@public_page("geocode", discloses=True)
def find_address() -> BaseResponse:
    """Redirect to the page of a code, or list the places that an address names."""
    asked = request.args.get("code", "").strip()
    if not asked:
        return redirect("/", 303)
    if code := whole_code(asked):
        return _to_code(code)
    known = gazetteer()
    located = locate(known, register().reads, Question(asked, limit=_LIMIT))
    if located.meant is not None:
        return _to_code(asked)
    places = [feature_of(known, answer) for answer in disclose_answers(located.answers)]
    shown = page("found.html", asked=asked, places=places)
    shown.headers["Cache-Control"] = "no-store"  # it discloses where somebody lives
    return shown


def _to_code(text: str) -> BaseResponse:
    return redirect(f"/a/{quote(text, safe='')}", 303)

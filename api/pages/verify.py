"""The page for verifying a certificate, to which its QR code leads."""

from typing import Any

from flask import Response, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from api.core.context import gazetteer, register
from api.core.endpoint import public_page
from api.pages.blueprint import page_blueprint
from api.pages.shell import page
from api.v1.certificates import state_of
from geo.code import is_demo
from registry.core.errors import InvalidInputError, NotFoundError
from registry.publish.paper import numbers
from registry.publish.paper.certificates import verify

blueprint = page_blueprint("verify", "/verify")


@blueprint.get("")
@public_page("certificates")
def get_form() -> BaseResponse:
    """A form for the number, without a camera."""
    asked = request.args.get("number", "").strip()
    if not asked:
        return _page()
    number = numbers.read(asked)
    return redirect(f"/verify/{numbers.show(number)}", 303) if number else _page(404, asked)


@blueprint.get("/<number>")
@public_page("certificates", discloses=True)
def get_verdict(number: str) -> BaseResponse:
    """Whether a certificate is still valid."""
    known = gazetteer()
    try:
        verdict = verify(register().reads, known, number)
    except InvalidInputError:
        return _page(404, number)
    except NotFoundError:
        return _page(404, number, well_written=True)
    if number != verdict.certificate.shown:
        return redirect(f"/verify/{verdict.certificate.shown}", 302)
    return _page(
        certificate=state_of(known, verdict),
        hidden=verdict.hidden,
        demo=is_demo(verdict.certificate.code),
    )


def _page(status: int = 200, asked: str = "", **shown: Any) -> Response:
    response = page("verify.html", status, asked=asked[:40], **shown)
    response.headers["Cache-Control"] = "no-store"
    return response

"""The page for walking a field round: cached by the phone, it works without a network."""

from flask import Response

from api.core.endpoint import public_page
from api.pages.blueprint import page_blueprint
from api.pages.shell import page
from registry.lifecycle.field.filing import MOST_AT_ONCE

blueprint = page_blueprint("field_page")


@blueprint.get("/field")
@public_page(reads_key=False)
def get_field() -> Response:
    """The same page for everybody; its content is loaded with the code of a round."""
    return page("field.html", most=MOST_AT_ONCE)

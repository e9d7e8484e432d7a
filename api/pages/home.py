"""The map with its search box."""

from flask import Response

from api.core.context import register
from api.core.endpoint import public_page
from api.pages.blueprint import page_blueprint
from api.pages.shell import page
from registry.ops.overview import is_demonstration, is_drawn_roughly

blueprint = page_blueprint("home")


@blueprint.get("/")
@public_page()
def get_home() -> Response:
    """The home page."""
    made = register()
    made.gazetteer.get()  # with the database down, show an error page, not a map without names
    return page("home.html", demo=is_demonstration(made.reads), rough=is_drawn_roughly(made.reads))

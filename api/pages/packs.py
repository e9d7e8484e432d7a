"""The page for working without a network: stored packs, and search in them."""

from flask import Response

from api.core.context import register
from api.core.endpoint import public_page
from api.core.sessions import own_form_token
from api.pages.assets import has_map
from api.pages.blueprint import page_blueprint
from api.pages.shell import page
from registry.lifecycle.reports.new_houses import MAX_TEXT
from registry.ops.overview import is_demonstration

blueprint = page_blueprint("packs_page")


@blueprint.get("/packs")
@public_page()
def get_packs() -> Response:
    """The page, cached by the browser with its scripts; it requests only packs from the server."""
    made = register()
    return page(
        "packs.html",
        demo=is_demonstration(made.reads),
        csrf=own_form_token(),
        most=MAX_TEXT,
        basemap=has_map() and made.basemap is not None and made.basemap.file is not None,
    )

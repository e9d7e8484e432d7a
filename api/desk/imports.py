"""Imports at the desk: deliver, review, publish and roll back files.

The page is rendered in the browser from answers of the API in the user's session.
"""

from flask import redirect
from werkzeug.wrappers import Response as BaseResponse

from api.core.context import register
from api.core.endpoint import public_page, signed_in_page
from api.desk.blueprint import desk_blueprint, desk_page, room
from api.pages.blueprint import page_blueprint
from registry.core.messages import N_
from registry.core.remedies import field_words
from registry.core.schemes import OF_RECORDS, SCHEMES
from registry.files.spellings.headers import FIELDS

blueprint = desk_blueprint("imports", "/desk/import")
former = page_blueprint("former_import_desk", "/import")
"""Former address of the page."""
room("/desk/import", N_("Import"), "editor")


@blueprint.get("")
@signed_in_page("editor")
def get_imports() -> BaseResponse:
    """The form, and the list of imports."""
    settings = register().settings
    schemes = (name for name in OF_RECORDS if settings.draft_schemes or not SCHEMES[name].draft)
    fields = [(name, field_words(name)) for name in (*FIELDS, *schemes)]
    most_mb = settings.import_bytes // 1_000_000
    return desk_page("desk/import.html", most_mb=most_mb, fields=fields)


@former.get("")
@public_page(reads_key=False)
def get_former() -> BaseResponse:
    """Redirect to the desk."""
    return redirect("/desk/import", 301)

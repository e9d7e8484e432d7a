"""The desk of a commune: a file is delivered, looked at, approved and taken back, without a shell.

Drawn in the browser by what the API answers under the key of whoever sits there: the server keeps
no session, and the key never leaves the tab but in the header of a request.
"""

from flask import Response

from api.clerk_words import FIELD_WORDS
from api.context import register
from api.pages.blueprint import page_blueprint
from api.pages.shell import page, words

blueprint = page_blueprint("import_desk")


@blueprint.get("/import")
def get_import_desk() -> Response:
    """The empty desk."""
    fields = [(name, words(said, name.replace("_", " "))) for name, said in FIELD_WORDS.items()]
    most_mb = register().settings.import_bytes // 1_000_000
    return page("import.html", most_mb=most_mb, fields=fields)

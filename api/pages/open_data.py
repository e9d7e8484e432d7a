"""Open data: files with date, licence and checksum."""

import mimetypes
import os
from datetime import datetime
from typing import Final

from flask import Response, jsonify, request
from werkzeug.wrappers import Response as BaseResponse
from werkzeug.wsgi import wrap_file

from api.core.conditional import conditional
from api.core.context import register
from api.core.endpoint import public_page
from api.pages.blueprint import page_blueprint
from api.pages.shell import page, pair
from registry.core.errors import NotFoundError
from registry.core.messages import N_, Message, _
from registry.publish.open_data import DATASETS, LIST, OpenFile, folder_of, listed

blueprint = page_blueprint("open_data", "/data")

_WAYS: Final = (
    (
        "/docs/feed",
        N_("The change feed: keep a copy of the register, and follow each change (with a key)"),
    ),
    ("/docs/pack", N_("Packs for offline use: every door of a commune in one signed file")),
    ("/ogc", N_("OGC API Features, for QGIS and GDAL")),
    ("/v1/units/picker", N_("Provinces and communes of today, for two drop-down lists")),
    ("/docs/api", N_("Ask address by address, or in batches")),
    ("/board.json", N_("Figures of the service")),
)
"""URL → description of alternatives to a file."""


@blueprint.get("")
@public_page("copies")
def get_open_data() -> Response:
    """The files, and alternatives to them."""
    return page(
        "open_data.html",
        files=[(each, pair(*_about(each)), _made(each)) for each in _files()],
        ways=[(url, _(about)) for url, about in _WAYS],
    )


@blueprint.get(f"/{LIST}")
@public_page("copies")
def get_list() -> Response:
    """The list as JSON."""
    return jsonify([_entry(each) for each in _files()])


@blueprint.get("/<name>")
@public_page("copies")
def get_file(name: str) -> BaseResponse:
    """A file of the list; other names are 404."""
    for each in _files():
        if each.name == name:
            break
    else:
        raise NotFoundError(Message("source_missing", name=repr(name[:80])))
    try:
        file = (folder_of(register().settings) / each.name).open("rb")
    except FileNotFoundError:
        raise NotFoundError(Message("open_data_being_rebuilt", name=each.name)) from None
    kind = mimetypes.guess_type(each.name)[0] or "application/octet-stream"
    response = Response(
        wrap_file(request.environ, file), content_type=kind, direct_passthrough=True
    )
    response.content_length = os.fstat(file.fileno()).st_size
    response.set_etag(each.sha256)
    response.headers["Content-Disposition"] = f'attachment; filename="{each.name}"'
    response.headers["Cache-Control"] = "public, no-cache"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return conditional(response)


def _files() -> list[OpenFile]:
    return listed(register().settings)


def _about(each: OpenFile) -> tuple[str, str]:
    dataset = DATASETS.get(each.dataset)
    return (dataset.vietnamese, dataset.english) if dataset else (each.dataset, each.dataset)


def _made(each: OpenFile) -> datetime:
    return datetime.fromisoformat(each.made_at)


def _entry(each: OpenFile) -> dict[str, str | int]:
    return {
        "name": each.name,
        "url": f"/data/{each.name}",
        "about": _about(each)[1],
        "bytes": each.bytes,
        "sha256": each.sha256,
        "made_at": each.made_at,
        "licence": each.licence,
    }

"""The API for developers, to be read and tried."""

from typing import Any, Final

from flask import Response, current_app, json

from api.pages.assets import has_viewer
from api.pages.blueprint import page_blueprint
from api.pages.shell import page

blueprint = page_blueprint("docs")

_METHODS: Final = ("get", "post", "patch", "put", "delete")


@blueprint.get("/docs")
def get_docs() -> Response:
    """The OpenAPI document with its viewer; without that part, as a list."""
    document: dict[str, Any] = json.loads(current_app.extensions["openapi"])
    return page("docs.html", has_viewer=has_viewer(), groups=_groups(document))


def _groups(document: dict[str, Any]) -> list[dict[str, Any]]:
    """Tags with their operations, in the document's order."""
    found: dict[str, list[dict[str, str]]] = {tag["name"]: [] for tag in document["tags"]}
    for path, item in document["paths"].items():
        for method in _METHODS:
            if method in item:
                tag = item[method]["tags"][0]
                summary = item[method].get("summary", "")
                found[tag].append({"method": method.upper(), "path": path, "summary": summary})
    about = {tag["name"]: tag["description"] for tag in document["tags"]}
    return [
        {"name": name, "description": about[name], "operations": operations}
        for name, operations in found.items()
        if operations
    ]

"""The documentation: pages, search and API viewer."""

from typing import Any, Final

from flask import Response, json, request
from pydantic_core import to_json

from api.core.context import description, public_url
from api.core.endpoint import public_page
from api.mcp.tools import TOOLS
from api.pages.assets import has_viewer
from api.pages.blueprint import page_blueprint
from api.pages.manual import ELSEWHERE, images, linked_files, manual_page, source_of
from api.pages.manual_contents import (
    MAX_QUERY,
    contents,
    language_label,
    language_of,
    search,
)
from api.pages.shell import page
from registry.core.errors import NotFoundError, RegistryError
from registry.core.messages import Message

blueprint = page_blueprint("docs")

_METHODS: Final = ("get", "post", "patch", "put", "delete")
_API: Final = "api"
_ADDRESS: Final = "so 2 ngach 10 ngo 19 hoang sa, p. phan chu trinh, hoan kiem"
"""The example of README.md: a demonstration door, as written before July 2025."""
_LIVE: Final = (
    ("validate", "POST /v1/validate", {"address": _ADDRESS}),
    ("geocode", "GET /v1/geocode", {"q": _ADDRESS}),
    ("convert_units", "GET /v1/units/convert", {"text": "P. Ngọc Hà, Q. Ba Đình, Hà Nội"}),
)
"""Requests to the running register on the page about the API."""
_TYPES: Final = {".jpg": "image/jpeg", ".png": "image/png"}
_IMAGE_CACHE: Final = "public, max-age=3600"


@blueprint.get("/docs")
@public_page()
def get_contents() -> Response:
    """All pages, by audience; with `q`, the sections that contain its words."""
    asked = request.args.get("q", "").strip()[:MAX_QUERY]
    return page(
        "manual_contents.html",
        groups=contents(),
        language_label=language_label,
        asked=asked,
        found=search(asked),
    )


@blueprint.get("/docs/try")
@public_page()
def get_viewer() -> Response:
    """The OpenAPI document in its viewer, or as a list if that is not installed."""
    document: dict[str, Any] = json.loads(description())
    return page("docs.html", has_viewer=has_viewer(), groups=_groups(document))


@blueprint.get("/docs/img/<name>")
@public_page()
def get_picture(name: str) -> Response:
    """An image of a page."""
    path = images().get(name)
    if path is None:
        raise _no_page(name)
    response = Response(path.read_bytes(), content_type=_TYPES[path.suffix])
    response.headers["Cache-Control"] = _IMAGE_CACHE
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


@blueprint.get("/docs/files/<path:name>")
@public_page()
def get_file(name: str) -> Response:
    """A file of the program to which a page links, as text."""
    path = linked_files().get(name)
    if path is None:
        raise _no_page(name)
    return _text(path.read_text(encoding="utf-8"), "text/plain")


@blueprint.get("/docs/<path:name>.md")
@public_page()
def get_source(name: str) -> Response:
    """The Markdown source of a page, for programs."""
    source = source_of(name)
    if source is None:
        raise _no_page(name)
    return _plain(source, "text/markdown")


@blueprint.get("/docs/<path:name>")
@public_page()
def get_manual_page(name: str) -> Response:
    """A page; that of the API with current answers of this register."""
    found = manual_page(name)
    if found is None:
        raise _no_page(name)
    return page(
        "manual.html",
        found=found,
        body=found.body_of(public_url()),
        written_in=language_of(name),
        language=language_label(name),
        live=[_example(*each) for each in _LIVE] if name == _API else [],
    )


@blueprint.get("/llms.txt")
@public_page()
def get_llms() -> Response:
    """An overview for language models (llmstxt.org)."""
    site = public_url()
    lines = [
        "# Địa chỉ số",
        "",
        "> Sổ mã địa chỉ số của Việt Nam: mỗi chỗ ở một mã không đổi. The register of permanent"
        " address codes of Viet Nam: doors, streets, units of every map since 2024, and their"
        " successors. It contains dwellings, never people.",
        "",
        f"Tools of the Model Context Protocol: {site}/mcp ({', '.join(TOOLS)}). The same over HTTP,"
        f" without a key: {site}/openapi.json. Several answers or choices are all the candidates:"
        " ask, never pick one.",
    ]
    for title, pages in contents():
        lines += ["", f"## {title}", ""]
        lines += [f"- [{each.title}]({site}/docs/{each.name}.md)" for each in pages]
    return _plain("\n".join(lines) + "\n", "text/plain")


def _plain(text: str, kind: str) -> Response:
    return _text(text.replace(ELSEWHERE, public_url()), kind)


def _text(text: str, kind: str) -> Response:
    response = Response(text, content_type=f"{kind}; charset=utf-8")
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _example(tool: str, endpoint: str, arguments: dict[str, Any]) -> dict[str, str]:
    """Return an example with the register's answer."""
    try:
        answer = TOOLS[tool].answer(arguments)
    except RegistryError as error:
        answer = {"code": error.code, "detail": error.detail}
    return {
        "endpoint": endpoint,
        "asked": to_json(arguments, indent=2).decode(),
        "answer": to_json(answer, indent=2).decode(),
    }


def _no_page(name: str) -> NotFoundError:
    return NotFoundError(Message("page_unknown", name=repr(name[:80])))


def _groups(document: dict[str, Any]) -> list[dict[str, Any]]:
    """Return tags with their operations, in the document's order."""
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

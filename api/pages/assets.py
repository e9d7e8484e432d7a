"""Static files: our own, and the browser packages that bin/bootstrap installed.

URLs contain a hash of all files, so that browsers cache them until something changes.
"""

import gzip
import hashlib
import json
import mimetypes
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from flask import Blueprint, Response, abort, request
from werkzeug.wrappers import Response as BaseResponse

from api.core.conditional import conditional
from api.core.cors import EVERYBODY
from api.core.endpoint import public_page
from registry.core.messages import LANGUAGES, translate
from registry.core.settings import SHARE

blueprint = Blueprint("assets", __name__, url_prefix="/static")

_OWN: Final = Path(__file__).parent / "static"
_PARTS: Final = SHARE / "node_modules"
_FONT: Final = "@fontsource/be-vietnam-pro/files/be-vietnam-pro"
# Name below /static/VERSION/ → file below node_modules; no other file there is served.
BROWSER_PARTS: Final = {
    "parts/maplibre-gl.mjs": "maplibre-gl/dist/maplibre-gl.mjs",
    "parts/maplibre-gl-worker.mjs": "maplibre-gl/dist/maplibre-gl-worker.mjs",
    "parts/maplibre-gl.css": "maplibre-gl/dist/maplibre-gl.css",
    "parts/pmtiles.js": "pmtiles/dist/pmtiles.js",
    "parts/swagger-ui-bundle.js": "swagger-ui-dist/swagger-ui-bundle.js",
    "parts/swagger-ui.css": "swagger-ui-dist/swagger-ui.css",
    **{
        f"parts/{script}-{weight}.woff2": f"{_FONT}-{script}-{weight}-normal.woff2"
        for script in ("latin", "vietnamese")
        for weight in (400, 600)
    },
}
_WORDS: Final = {f"words-{language}.js": language for language in LANGUAGES if language != "en"}
"""Module with translations of scripts → its language; the scripts themselves contain English."""
_MESSAGE: Final = re.compile(r"(?<![\w.$])_\('([^'\\\n]+)'")
_TYPES: Final = {".mjs": "text/javascript", ".js": "text/javascript", ".woff2": "font/woff2"}
_FIELD: Final = SHARE / "clients" / "web" / "dia-chi-input.js"
"""The field for an address that pages of other sites load; docs/shop.md."""
_FIELD_CACHE: Final = "public, max-age=3600"
_COMPRESSIBLE: Final = (".js", ".mjs", ".css", ".svg")
"""What compresses; letters are compressed already."""
_FOR_EVER: Final = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class _Asset:
    body: bytes
    packed: bytes | None
    """The body compressed by gzip."""
    kind: str


def has_map() -> bool:
    """Whether the map library is installed."""
    return (_PARTS / BROWSER_PARTS["parts/maplibre-gl.mjs"]).is_file()


def has_viewer() -> bool:
    """Whether the API viewer is installed."""
    return (_PARTS / BROWSER_PARTS["parts/swagger-ui-bundle.js"]).is_file()


def asset_url(name: str) -> str:
    """Return the URL of a file."""
    return f"/static/{version()}/{name}"


def words_names() -> list[str]:
    """Return the modules with translations of scripts."""
    return list(_WORDS)


def script_urls(name: str, language: str) -> list[str]:
    """Return the modules of a page's script, the translations first."""
    words = [each for each, known in _WORDS.items() if known == language]
    return [asset_url(each) for each in (*words, name)]


@lru_cache(maxsize=1)
def version() -> str:
    """Return a hash of our files, their translations, and the installed browser packages."""
    total = hashlib.sha256()
    for path in sorted(_OWN.iterdir()):
        total.update(path.name.encode() + b"\0" + path.read_bytes())
    for language in _WORDS.values():
        total.update(_words(language))
    lock = SHARE / "package-lock.json"
    total.update(lock.read_bytes() if has_map() and lock.is_file() else b"none")
    return total.hexdigest()[:12]


@blueprint.get("/<known>/<path:name>")
@public_page(None, reads_key=False)
def get_asset(known: str, name: str) -> BaseResponse:
    """One file; cached forever under the current version, revalidated under another."""
    asset = _read(name)
    if asset is None:
        abort(404)
    response = _response(asset)
    response.headers["Cache-Control"] = _FOR_EVER if known == version() else "no-cache"
    return conditional(response)


@blueprint.get("/dia-chi-input.js")
@public_page(None, reads_key=False)
def get_field() -> BaseResponse:
    """The address field for pages of any site; its URL never changes."""
    response = _response(_read_file(_FIELD))
    response.headers["Cache-Control"] = _FIELD_CACHE
    response.headers["Access-Control-Allow-Origin"] = EVERYBODY
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return conditional(response)


def _response(asset: _Asset) -> Response:
    packed = asset.packed and request.accept_encodings.quality("gzip") > 0
    response = Response(asset.packed if packed else asset.body, content_type=asset.kind)
    if packed:
        response.content_encoding = "gzip"
    response.vary.add("Accept-Encoding")
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.add_etag()
    return response


@lru_cache(maxsize=64)
def _read(name: str) -> _Asset | None:
    if name in _WORDS:
        return _asset(_words(_WORDS[name]), name)
    part = BROWSER_PARTS.get(name)
    # Looked up by name among existing files, so no path leads out of the folder.
    path = _PARTS / part if part else {each.name: each for each in _OWN.iterdir()}.get(name)
    return _read_file(path) if path is not None and path.is_file() else None


@lru_cache(maxsize=64)
def _read_file(path: Path) -> _Asset:
    return _asset(path.read_bytes(), path.name)


def _asset(body: bytes, name: str) -> _Asset:
    suffix = Path(name).suffix
    kind = _TYPES.get(suffix) or mimetypes.guess_type(name)[0] or "text/plain"
    text = kind.startswith("text/") or kind == "image/svg+xml"
    packed = gzip.compress(body, 9, mtime=0) if suffix in _COMPRESSIBLE else None
    return _Asset(body, packed, f"{kind}; charset=utf-8" if text else kind)


def _words(language: str) -> bytes:
    """Return the module with the translations of scripts from the catalogue."""
    translations = {text: translate(text, language) for text in texts_of_scripts()}
    entries = json.dumps(translations, ensure_ascii=False, separators=(",", ":"))
    return f"import {{ learn }} from './ui.js';\n\nlearn({entries});\n".encode()


def texts_of_scripts() -> list[str]:
    """Return the English messages of our scripts."""
    scripts = [path.read_text(encoding="utf-8") for path in _OWN.glob("*.js")]
    return sorted({text for script in scripts for text in _MESSAGE.findall(script)})

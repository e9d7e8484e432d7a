"""Packs: a commune in one signed file, for use without a network."""

from http import HTTPStatus
from typing import Annotated, Final

from flask import Response, jsonify
from pydantic import Field
from typing_extensions import TypedDict

from api.core.audit import note
from api.core.conditional import conditional
from api.core.context import register
from api.core.endpoint import Resource, keyed, public
from api.core.types import Request
from registry.publish.pack.basemap import MEDIA_TYPE as MAP_TYPE
from registry.publish.pack.basemap import BasemapSlice
from registry.publish.pack.file import MEDIA_TYPE, SUFFIX
from registry.publish.pack.keys import key_file, public_keys
from registry.publish.pack.run import make_pack, pack_state
from registry.records import uses

blueprint = Resource("packs", "/v1/packs", tag="packs", kind="copies")

_KEYS_AGE_S: Final = 3_600


class PackQuery(Request):
    """Content of the pack."""

    since: str | None = Field(
        None,
        max_length=200,
        description="Cursor of your pack: only changes since",
    )
    use: uses.Kind | None = Field(
        None, description="Only records with this use, always a full pack; `dwelling`: homes"
    )
    demo: bool = Field(default=False, description="Include demonstration records")


class PackKey(TypedDict):
    """A key as a JSON Web Key (RFC 7517, RFC 8037)."""

    kty: Annotated[str, Field(examples=["OKP"])]
    crv: Annotated[str, Field(examples=["Ed25519"])]
    x: str
    """The public key, base64url"""
    kid: str
    """Thumbprint (RFC 7638), which the pack contains"""
    use: Annotated[str, Field(examples=["sig"])]
    alg: Annotated[str, Field(examples=["Ed25519"])]


class PackKeys(TypedDict):
    """A JSON Web Key Set."""

    keys: Annotated[
        list[PackKey], Field(description="The first one signs; the rest are former keys")
    ]


@blueprint.get("/keys")
@public(answer=PackKeys, operation_id="list_pack_keys", codes=("signing_key_unavailable",))
def get_pack_keys() -> Response:
    """The public keys of packs, as a JWK Set."""
    response = jsonify(public_keys(key_file(register().settings)))
    response.cache_control.public = True
    response.cache_control.max_age = _KEYS_AGE_S
    response.add_etag()
    return conditional(response)


@blueprint.get("/<commune>")
@keyed(
    "carrier",
    replica=True,
    opened_by="open_packs",
    codes=("cursor_refused", "signing_key_unavailable"),
    media_types=("application/vnd.diachiso.pack",),
)
def get_pack(commune: str, query: PackQuery) -> Response:
    """The signed pack of a commune."""
    made = register()
    response = Response(content_type=MEDIA_TYPE)
    response.set_etag(pack_state(made, commune, demo=query.demo, since=query.since, use=query.use))
    conditional(response)
    if response.status_code == HTTPStatus.NOT_MODIFIED:
        return response
    with made.reads.batch():
        pack = make_pack(made, commune, demo=query.demo, since=query.since, use=query.use)
    note(count=pack.doors, units=[commune])
    response.set_data(pack.body)
    response.headers["Content-Disposition"] = f'attachment; filename="{commune}{SUFFIX}"'
    response.cache_control.private = True
    response.cache_control.no_cache = True
    return response


@blueprint.get("/<commune>/basemap")
@keyed("carrier", replica=True, opened_by="open_packs", media_types=("application/vnd.pmtiles",))
def get_pack_basemap(commune: str) -> Response:
    """The base map of a commune, as a PMTiles file.

    Zoomed as deep as some megabytes allow.
    """
    wanted = BasemapSlice(register(), commune)
    response = Response(content_type=MAP_TYPE)
    response.set_etag(wanted.state)
    response.cache_control.private = True
    response.cache_control.no_cache = True
    conditional(response)
    if response.status_code != HTTPStatus.NOT_MODIFIED:
        response.set_data(wanted.cut())
    return response

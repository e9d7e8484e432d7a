"""The page of one address, to which the QR code of a plate leads."""

import datetime
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, Final, Literal
from urllib.parse import urlsplit

import segno
from flask import Response, redirect, request
from markupsafe import Markup
from werkzeug.wrappers import Response as BaseResponse

from api.core.context import gazetteer, public_url, register
from api.core.endpoint import public_page
from api.core.shapes import Entrance, Extras
from api.pages.blueprint import page_blueprint
from api.pages.services_words import hours_words, kind_words
from api.pages.shell import page
from api.pages.sketch import draw_sketch
from api.v1.addresses import Position, address_answer, entrances_of, with_addresses
from geo.code import format as code_display
from geo.code import is_demo
from geo.label import number_of
from registry.core.days import day_words
from registry.core.errors import (
    GoneError,
    InvalidInputError,
    MistypedCodeError,
    NotFoundError,
    WithdrawnError,
)
from registry.core.messages import Message, _
from registry.core.remedies import field_words
from registry.core.schemes import SCHEMES
from registry.publish.drawing.surroundings import numbered, surroundings
from registry.publish.services import services_of
from registry.records.entrances import KIND_WORDS, MAX_NOTE, SOURCE_WORDS
from registry.records.external_ids import ExternalId, external_ids_of
from registry.records.lookup import lookup
from registry.records.record import Record
from registry.records.uses import use_words
from registry.register import Register
from registry.units import LAST_DAY_OF_OLD_MAP, label_day, parse_wording
from registry.units.boundaries.reach import moved_m
from registry.units.gazetteer import today

blueprint = page_blueprint("address", "/a")

_EXACT_M: Final = 20
_LOCAL: Final = (".local", ".lan", ".internal", ".home.arpa")


@blueprint.get("/<address_code>")
@public_page("lookup", discloses=True)
def get_address(address_code: str) -> BaseResponse:
    """The address with a code in any format; redirects to the canonical one."""
    before = _day_of_earlier_map()
    try:
        record = lookup(register().reads, address_code, before)
    except WithdrawnError:
        return _no_address(410, address_code, withdrawn=True)
    except GoneError as error:
        return _no_address(410, address_code, gone=True, codes=error.extra["successors"])
    except MistypedCodeError as error:
        near = with_addresses(error).extra["suggestions"]
        return _no_address(404, address_code, mistyped=True, codes=near)
    except NotFoundError:
        return _no_address(404, address_code, well_written=True)
    except InvalidInputError:
        return _no_address(404, address_code)
    shown = code_display(record.code)
    if address_code != shown:
        return redirect(f"/a/{shown}", 302)
    return address_page(record, before=before)


def _day_of_earlier_map() -> datetime.date:
    """Return the last day of the earlier map on which the address is shown as well."""
    try:
        asked = parse_wording(request.args.get("wording", "both"))
    except (ValueError, OverflowError):
        detail = Message("malformed_wording")
        raise InvalidInputError.of_field("wording", "malformed_wording", detail) from None
    return label_day(None, asked) or LAST_DAY_OF_OLD_MAP


def address_page(
    record: Record,
    status: int = 200,
    *,
    before: datetime.date = LAST_DAY_OF_OLD_MAP,
    complaint: str | None = None,
    filled: object = None,
) -> Response:
    """Render the page of a record, with the error and the values of its report form.

    The record must have been read with its label on `before`.
    """
    shown = _shown(record, before)
    return page("address.html", status, **shown, complaint=complaint, filled=filled or {})


def opens_in(url: str) -> Literal["machine", "network", "world"]:
    """Return from where a link can be opened: the server's machine, its network, or anywhere.

    >>> opens_in("http://127.0.0.1:8000/a/X"), opens_in("http://[::1]/"), opens_in("http://localhost")
    ('machine', 'machine', 'machine')
    >>> opens_in("http://192.168.1.5:8000/a/X"), opens_in("http://may-chu:8000/"), opens_in("http://x.local")
    ('network', 'network', 'network')
    >>> opens_in("https://diachi.vn/a/X"), opens_in("http://203.113.1.1/")
    ('world', 'world')
    """
    host = (urlsplit(url).hostname or "").rstrip(".")
    try:
        address = ip_address(host)
    except ValueError:
        if host == "localhost" or host.endswith(".localhost"):
            return "machine"
        return "world" if "." in host and not host.endswith(_LOCAL) else "network"
    if address.is_loopback or address.is_unspecified:
        return "machine"
    return "world" if address.is_global else "network"


def _no_address(
    status: int,
    asked: str,
    *,
    gone: bool = False,
    withdrawn: bool = False,
    mistyped: bool = False,
    well_written: bool = False,
    codes: object = (),
) -> Response:
    return page(
        "no_address.html",
        status,
        asked=asked[:40],
        gone=gone,
        withdrawn=withdrawn,
        mistyped=mistyped,
        well_written=well_written,
        codes=codes,
    )


def _shown(record: Record, before: datetime.date) -> dict[str, Any]:
    known, made = gazetteer(), register()
    body = address_answer(known, record, on=before, extras=Extras(postal=True))
    old = body["label_on"]
    body["entrances"] = entrances_of(record)
    ways = [_way(at, each, body["position"]) for at, each in enumerate(body["entrances"], 1)]
    url = f"{public_url()}/a/{body['code_display']}"
    identifiers = [each for each in external_ids_of(made.reads, record) if each.is_valid(today())]
    # A restricted place is shown without its door, so there is no map.
    hidden = record.restricted and body["position"] is None
    return {
        "address": body,
        "old": old if old["communes"] and old["label"] != body["label"] else None,
        "old_until": day_words(str(before + datetime.timedelta(days=1))),
        "record": record,
        "hidden": hidden,
        "demo": is_demo(record.code),
        "url": url,
        "qr": _qr(url),
        "opens": opens_in(url),
        "sketch": _sketch(record, body["position"], ways, made) if body["position"] else None,
        "ways": ways,
        "identifiers": [(scheme_words(each), each.value) for each in identifiers],
        "uses": "; ".join(map(use_words, body["uses"])),
        "entrance_kinds": {name: _(words) for name, words in KIND_WORDS.items()},
        "most_note": MAX_NOTE,
        "exact_m": _EXACT_M,
        "services": services_of(made.reads, record, today()),
        "service_kinds": kind_words(),
        "hours_words": hours_words,
    }


def scheme_words(identifier: ExternalId) -> str:
    """Return the name of the scheme of an identifier."""
    if identifier.scheme not in SCHEMES:
        return identifier.scheme
    words = str(field_words(identifier.scheme))
    return words[:1].upper() + words[1:]


@dataclass(frozen=True, slots=True)
class _Way:
    """An entrance as shown on the page."""

    number: int
    """Number of its mark on the map."""
    kind: str
    entrance: Entrance
    """The entrance as the API returns it."""
    facts: tuple[str, ...]
    """Accuracy, day and source."""
    metres: int | None
    """Distance from the point of the address."""


def _way(number: int, entrance: Entrance, position: Position | None) -> _Way:
    at = (entrance["lon"], entrance["lat"])
    metres = round(moved_m((position["lon"], position["lat"]), at)) if position else None
    accuracy, day, source = entrance["accuracy_m"], entrance["seen_on"], entrance["source"]
    facts = (
        _("within about {metres} m", metres=round(accuracy)) if accuracy is not None else "",
        _("seen {day}", day=day_words(str(day))) if day else "",
        _(SOURCE_WORDS[source]) if source else "",
    )
    known = tuple(filter(None, facts))
    return _Way(number, _(KIND_WORDS[entrance["kind"]]), entrance, known, metres)


def _sketch(record: Record, position: Position, ways: list[_Way], made: Register) -> Markup:
    units, commune = gazetteer().units, record.unit_id
    province = gazetteer().province_of(units[commune], today()) if commune else None
    around = surroundings(
        made.reads,
        code=record.code,
        lon=position["lon"],
        lat=position["lat"],
        province_id=province.id if province else None,
    )
    accuracy = position["accuracy_m"]
    points = [(way.entrance["lon"], way.entrance["lat"]) for way in ways]
    return draw_sketch(
        around,
        number=number_of(record.label_parts),
        exact=accuracy is not None and accuracy <= _EXACT_M,
        entrances=numbered(points, lon=position["lon"], lat=position["lat"]),
        description=", ".join(f"{way.number} {way.kind}" for way in ways),
    )


def _qr(url: str) -> Markup:
    code = segno.make_qr(url, error="m")
    return Markup(code.svg_inline(border=2, omitsize=True, svgclass="qr-code", lineclass=None))  # noqa: S704 - segno's

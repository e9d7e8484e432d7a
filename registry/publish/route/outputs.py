"""Writes a route for map programs: GeoJSON (RFC 7946) and GPX 1.1.

Stops without a position are included: in GeoJSON without a geometry, in GPX in the description of
the file.
"""

from typing import Any, Final
from xml.etree.ElementTree import Element, SubElement, tostring

from geo.code import format as code_display
from registry.core.messages import LANGUAGES, N_, both, translate
from registry.publish.route.placing import Unplaced, choice_words
from registry.publish.route.run import NOTICES, Route, Visit

MEASURES: Final = {
    "straight_lines": both("in straight lines"),
    "roads": both("by road"),
}
_GPX: Final = "http://www.topografix.com/GPX/1/1"


def way_words(found: Route, language: str = LANGUAGES[0]) -> str:
    """Return the length and duration of a route, always with how it was measured."""
    vietnamese, english = MEASURES[found.measured_by]
    km = f"{found.metres / 1_000:.1f}"
    length = f"{km} km {english}" if language == "en" else f"{km.replace('.', ',')} km {vietnamese}"
    if found.seconds is None:
        return length
    minutes = translate(N_("{minutes} minutes"), language).format(minutes=round(found.seconds / 60))
    return f"{length}, {minutes}"


def to_geojson(found: Route) -> dict[str, Any]:
    """Return a FeatureCollection: the stops in order, then the unplaced lines."""
    return {
        "type": "FeatureCollection",
        "features": [
            *(_feature(_stop(at, visit), visit.point) for at, visit in enumerate(found.visits, 1)),
            *(_feature(_line(each), None) for each in found.unplaced),
        ],
        "round": {
            "order": found.order,
            "measured_by": found.measured_by,
            "metres": found.metres,
            "seconds": found.seconds,
            "empty_lines": list(found.empty),
            "notices": list(found.notices),
        },
    }


def _feature(properties: dict[str, Any], point: tuple[float, float] | None) -> dict[str, Any]:
    geometry = {"type": "Point", "coordinates": list(point)} if point else None
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def _stop(at: int, visit: Visit) -> dict[str, Any]:
    stop = visit.stop
    return {
        "at": at,
        "code": code_display(stop.record.code),
        "label": stop.label,
        "delivery_hint": stop.record.delivery_hint,
        "parcels": len(stop.parcels),
        "lines": [parcel.line for parcel in stop.parcels],
        "refs": [parcel.ref for parcel in stop.parcels if parcel.ref],
    }


def _line(each: Unplaced) -> dict[str, Any]:
    choices = each.question.choices if each.question else ()
    return {
        "at": None,
        "status": each.status,
        "message": each.messages[0],
        "question": each.question.text if each.question else None,
        "choices": list(map(choice_words, choices)),
        "lines": [each.parcel.line],
        "refs": [each.parcel.ref] if each.parcel.ref else [],
    }


def to_gpx(found: Route, name: str) -> bytes:
    """Return a GPX route of way points in order."""
    root = Element("gpx", {"version": "1.1", "creator": "Địa chỉ số", "xmlns": _GPX})
    about = SubElement(root, "metadata")
    SubElement(about, "name").text = name
    SubElement(about, "desc").text = "\n".join(_summary(found))
    for at, visit in enumerate(found.visits, 1):
        if visit.point:
            _way_point(root, "wpt", at, visit, visit.point)
    route = SubElement(root, "rte")
    SubElement(route, "name").text = name
    for at, visit in enumerate(found.visits, 1):
        if visit.point:
            _way_point(route, "rtept", at, visit, visit.point)
    written: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def _way_point(
    parent: Element, tag: str, at: int, visit: Visit, point: tuple[float, float]
) -> None:
    lon, lat = point
    made = SubElement(parent, tag, {"lat": f"{lat:.7f}", "lon": f"{lon:.7f}"})
    SubElement(made, "name").text = f"{at}. {_first_words(visit)}"
    SubElement(made, "desc").text = " · ".join(_description(visit))


def _first_words(visit: Visit) -> str:
    return visit.stop.label.partition(", ")[0]


def _description(visit: Visit) -> list[str]:
    stop = visit.stop
    refs = ", ".join(parcel.ref or f"dòng {parcel.line}" for parcel in stop.parcels)
    parts = [code_display(stop.record.code), stop.label, f"{len(stop.parcels)} bưu gửi: {refs}"]
    return [*parts, *([stop.record.delivery_hint] if stop.record.delivery_hint else [])]


def _summary(found: Route) -> list[str]:
    """Return the length of the route, and every line of the list without a way point."""
    return [
        way_words(found),
        *(NOTICES[code].words("vi") for code in found.notices),
        *(
            f"{at}. chưa có toạ độ: {' · '.join(_description(visit))}"
            for at, visit in enumerate(found.visits, 1)
            if visit.point is None
        ),
        *(
            f"dòng {each.parcel.line}: {each.messages[0]}"
            + (f" ({each.parcel.ref})" if each.parcel.ref else "")
            for each in found.unplaced
        ),
        *([f"dòng trống: {', '.join(map(str, found.empty))}"] if found.empty else []),
    ]

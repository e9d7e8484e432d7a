"""A carrier's route on paper: a sheet with tick boxes, and stickers for its parcels."""

import datetime
from typing import Any, Final

from geo import code as codes
from registry.core.labels import number
from registry.publish.paper.site import Site
from registry.publish.paper.typesetting import Notices, Paper, qr_svg, typeset
from registry.publish.route.outputs import way_words
from registry.publish.route.placing import Unplaced, choice_words
from registry.publish.route.run import NOTICES, Route, Visit
from registry.units.gazetteer import today

MAX_STICKERS: Final = 1_000
"""Stickers in one PDF."""
_SIDES: Final = {"odd": "bên số lẻ", "even": "bên số chẵn"}
_ORDERS: Final = {"walking": "thứ tự đi bộ", "shortest": "đường ngắn nhất tìm được"}
_MOST_CHOICES: Final = 5


def print_sheet(site: Site, found: Route) -> Paper:
    """Print the route as a list with boxes: unplaced parcels first, then stop by stop."""
    notices = Notices()
    watermark = site.note_watermarks((visit.stop.record.code for visit in found.visits), notices)
    data = {
        "day": f"{today():%d/%m/%Y}",
        "stops": number(len(found.visits)),
        "parcels": number(found.parcels),
        "way": f"{_ORDERS[found.order]}, {way_words(found)}",
        "notices": [NOTICES[code].words("vi") for code in found.notices],
        "unplaced": [_unplaced(each) for each in found.unplaced],
        "empty": ", ".join(map(str, found.empty)),
        "groups": _groups(site, found),
        "watermark": watermark,
    }
    return Paper("tuyen.pdf", typeset("round", data, notices), len(found.visits), notices.all())


def _groups(site: Site, found: Route) -> list[dict[str, Any]]:
    """Group consecutive stops of a street, in walking order of one side, under one heading."""
    groups: list[dict[str, Any]] = []
    last: tuple[object, ...] | None = None
    for at, visit in enumerate(found.visits, 1):
        # The shortest route crosses streets anywhere.
        side = _SIDES.get(visit.side or "") if found.order == "walking" else None
        place = (visit.commune, visit.street, side)
        if place != last:
            heading = ", ".join(filter(None, (visit.street, side)))
            groups.append({"commune": visit.commune or "", "street": heading, "stops": []})
            last = place
        groups[-1]["stops"].append(_stop(site, at, visit))
    return groups


def _stop(site: Site, at: int, visit: Visit) -> dict[str, Any]:
    stop = visit.stop
    code = codes.format(stop.record.code)
    return {
        "at": at,
        "code": code,
        "door": visit.door,
        "hint": stop.record.delivery_hint or "",
        "point": visit.point is not None,
        "parcels": len(stop.parcels),
        "refs": ", ".join(parcel.ref or f"dòng {parcel.line}" for parcel in stop.parcels),
        "qr": qr_svg(site.address_url(code)),
    }


def _unplaced(each: Unplaced) -> dict[str, Any]:
    question = each.question
    return {
        "line": each.parcel.line,
        "ref": each.parcel.ref or "",
        "read": each.read or "",
        "why": each.messages[0],
        "question": question.text if question else "",
        "choices": list(map(choice_words, question.choices[:_MOST_CHOICES])) if question else [],
    }


def print_stickers(site: Site, found: Route) -> Paper:
    """Print a sticker for each parcel in the order of the route, 24 on a sheet of A4.

    At most MAX_STICKERS; a notice gives the number left out.
    """
    notices = Notices()
    every = [
        _sticker(site, found, at, visit, count)
        for at, visit in enumerate(found.visits, 1)
        for count in range(len(visit.stop.parcels))
    ]
    stickers = every[:MAX_STICKERS]
    site.note_watermarks({sticker["name"] for sticker in stickers}, notices)
    notices.add("more", count=len(every) - len(stickers))
    unknown = [visit.stop.record.code for visit in found.visits if _lacks_wording(found, visit)]
    notices.add("wording_unknown", *unknown)
    pdf = typeset("stickers", {"stickers": stickers}, notices)
    return Paper("tem.pdf", pdf, len(stickers), notices.all())


def _lacks_wording(found: Route, visit: Visit) -> bool:
    """Whether its label of another day is requested but unknown."""
    dated = visit.stop.on
    return found.wordings.day is not None and (dated is None or dated.label is None)


def _lines(found: Route, visit: Visit) -> list[str]:
    """Return the labels of a sticker: today's if requested or if the other is unknown, then that of
    another day with its date.
    """
    stop, day = visit.stop, found.wordings.day
    today_too = found.wordings.today or _lacks_wording(found, visit)
    lines = [stop.label] if today_too else []
    if day is not None:
        label = stop.on.label if stop.on and stop.on.label else "chưa rõ"
        first = day + datetime.timedelta(days=1)
        lines.append(f"Trước {first.day}/{first.month}/{first.year}: {label}")
    return lines


def _sticker(site: Site, found: Route, at: int, visit: Visit, count: int) -> dict[str, Any]:
    stop = visit.stop
    code = codes.format(stop.record.code)
    parcel = stop.parcels[count]
    return {
        "name": stop.record.code,
        "at": at,
        "code": code,
        "label": "\n".join(_lines(found, visit)),
        "ref": parcel.ref or f"dòng {parcel.line}",
        "count": f"{count + 1}/{len(stop.parcels)}" if len(stop.parcels) > 1 else "",
        "qr": qr_svg(site.address_url(code)),
        "watermark": site.watermark(stop.record.code),
    }

"""`diachiso route`: a list of codes or addresses, as a route in its order."""

import json
import sys
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Annotated, Final

import click

from registry.core.errors import InvalidInputError, UnreadableFileError
from registry.core.messages import Message, _, chosen_language, not_written
from registry.files.whole_file import whole_file
from registry.ops import cluster
from registry.publish.batch.pasted import read_pasted, text_of
from registry.publish.paper.routes import print_sheet, print_stickers
from registry.publish.paper.site import Site
from registry.publish.paper.typesetting import Paper
from registry.publish.route.listing import OPERATION, lines_of, unread_of
from registry.publish.route.outputs import to_geojson, to_gpx, way_words
from registry.publish.route.run import NOTICES, Order, Route, RouteOptions, plan_route
from registry.register import Register
from registry.units import TODAYS_WORDING
from scripts.command import command
from scripts.mapping import read_mapping
from scripts.options import FILE_OR_STREAM, STREAM, Wording
from scripts.progress import say
from scripts.settings import read_settings

_MOST: Final = 5_000
"""Lines of one list."""
_LINES: Final = (".txt", "")
"""Suffixes of lists without a header, if they look like none."""
_FORMS: Final = {".pdf": "sheet", ".gpx": "gpx", ".geojson": "geojson", ".json": "geojson"}


@command()
def route(
    source: Annotated[Path, "FILE", FILE_OR_STREAM],
    target: Annotated[Path, "[OUT]", FILE_OR_STREAM] = STREAM,
    *,
    order: Annotated[Order, "By house numbers, or the shortest route."] = "walking",
    start: Annotated[str | None, "--start CODE|POINT", "Start."] = None,
    end: Annotated[str | None, "--end CODE|POINT", "End."] = None,
    round_trip: Annotated[bool, "Return to the start."] = False,
    stickers: Annotated[bool, "Stickers in place of a sheet."] = False,
    wording: Wording = None,
    mapping: Annotated[
        str | None, "--mapping FILE.json", 'JSON object, header → field: {"Nơi đến": "address"}.'
    ] = None,
    url: Annotated[str | None, "--url URL", "Where the QR leads."] = None,
) -> int:
    """A list of codes or addresses as a route.

    FILE is CSV, workbook or lines; OUT PDF, GPX or GeoJSON by suffix, by default GeoJSON on
    standard output. Exit status 1 if a line names no door.
    """
    form = "geojson" if target == STREAM else _FORMS.get(target.suffix.lower())
    if form is None:
        raise click.UsageError(str(Message("out_suffix_unknown", formats=", ".join(_FORMS))))
    stated = tuple(read_mapping(mapping).items()) if mapping else ()
    text = text_of(_body(source), source.name, _MOST)
    is_file = source.suffix.lower() not in _LINES
    table = read_pasted(OPERATION, text, is_file=is_file, stated=stated)
    lines = list(islice(lines_of(table), _MOST + 1))
    if len(lines) > _MOST:
        raise InvalidInputError.of_field(
            "list", "too_many_lines", Message("list_too_long", most=_MOST)
        )
    settings = read_settings()
    with closing(Register.open(settings, cluster.database_url(settings))) as made:
        found = plan_route(
            made.gazetteer.get(),
            made.reads,
            lines,
            RouteOptions(order, start, end, round_trip, wording or TODAYS_WORDING),
            settings.routing_url,
        )
    public = url or settings.public_url
    site = Site((public or "http://127.0.0.1:8000").rstrip("/"), public is not None)
    body, paper = _written(found, form, site, stickers=stickers)
    _write(target, body)
    _sum_up(found, unread_of(table), paper)
    return 1 if found.unplaced else 0


def _written(found: Route, form: str, site: Site, *, stickers: bool) -> tuple[bytes, Paper | None]:
    if form == "gpx":
        return to_gpx(found, "Tuyến phát"), None
    if form == "geojson":
        return json.dumps(to_geojson(found), ensure_ascii=False, indent=1).encode() + b"\n", None
    paper = (print_stickers if stickers else print_sheet)(site, found)
    return paper.pdf, paper


def _body(path: Path) -> bytes:
    try:
        return sys.stdin.buffer.read() if path == STREAM else path.read_bytes()
    except OSError as error:
        raise UnreadableFileError(
            Message("of_file", file=path, reason=error.strerror or error)
        ) from error


def _write(path: Path, body: bytes) -> None:
    if path == STREAM:
        sys.stdout.buffer.write(body)
        return
    try:
        with whole_file(path) as part:
            part.write_bytes(body)
    except OSError as error:
        raise UnreadableFileError(not_written(path, error)) from error


def _sum_up(found: Route, unread: tuple[str, ...], paper: Paper | None) -> None:
    language = chosen_language()
    if unread:
        say(Message("columns_ignored", unread=", ".join(unread)))
    say(
        Message(
            "route_summary",
            stops=len(found.visits),
            parcels=found.parcels,
            length=way_words(found, language),
            unplaced=len(found.unplaced),
        )
    )
    for code in found.notices:
        say(f"  {NOTICES[code]}")
    for each in found.unplaced:
        vietnamese = language != "en"
        text = each.messages[0 if vietnamese else 1]
        if asked := each.question:
            text += f"; {asked.text if vietnamese else asked.text_en}"
        say(f"  {_('line {line}', line=each.parcel.line)}: {text}  [{each.status}]")
    for notice in paper.notices if paper else ():
        say(f"  {notice.message}")

"""Files that contain URLs: they are never fetched, whatever the format."""

import gzip
import io
import json
import socket
import sqlite3
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from registry.core.errors import FileLinksElsewhereError, UnreadableFileError
from registry.core.settings import ROOT
from registry.files.formats.any_file import read_file

pytestmark = pytest.mark.thorough

PROPERTIES = {"số nhà": "12", "tên đường": "Phố Láng", "mã xã": "00199"}
POINT = {"type": "Point", "coordinates": [105.8, 21.0]}
TOPOLOGY = {
    "type": "Topology",
    "arcs": [],
    "objects": {"nha": {"type": "GeometryCollection", "geometries": [POINT | {"properties": {}}]}},
}
KML = '<kml xmlns="http://www.opengis.net/kml/2.2"><Document>{}</Document></kml>'
PLACEMARK = "<Placemark><name>12</name><Point><coordinates>105.8,21</coordinates></Point>{}"


def collection(**more: object) -> dict[str, object]:
    feature = {"type": "Feature", "properties": PROPERTIES, "geometry": POINT}
    return {"type": "FeatureCollection", "features": [feature], **more}


def link(url: str, kind: str = "link") -> dict[str, object]:
    member = {"link": "href", "url": "url"}[kind]
    return {"type": kind, "properties": {member: url, "type": "proj4"}}


def dumped(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def zipped(**members: bytes) -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        for name, content in members.items():
            archive.writestr(name.replace("_", "."), content)
    return whole.getvalue()


def database(folder: Path, url: str) -> bytes:
    """A GeoPackage whose tables and reference systems contain a URL."""
    path = folder / "made.gpkg"
    with closing(sqlite3.connect(path)) as made, made:
        made.execute("PRAGMA application_id = 1196444487")
        made.execute("CREATE TABLE rows (fid INTEGER PRIMARY KEY, a TEXT)")
        made.execute("PRAGMA writable_schema = ON")
        for name, source in (("o", url), ("c", f"/vsicurl/{url}"), ("w", f"WFS:{url}")):
            made.execute(
                "INSERT INTO sqlite_master VALUES ('table', ?, ?, 0, ?)",
                [name, name, f"CREATE VIRTUAL TABLE {name} USING VirtualOGR('{source}')"],
            )
    return path.read_bytes()


def refused(url: str) -> dict[str, bytes]:
    """Files that have their reader fetch a coordinate system."""
    linked, named = collection(crs=link(url)), collection(crs=link(url, "url"))
    of_feature = dict(collection(features=[{**POINT, "crs": link(url)}]))
    return {
        "link.geojson": dumped(linked),
        "url.geojson": dumped(named),
        "far_behind.geojson": dumped(collection(x="x" * 3_000_000, crs=link(url))),
        "of_a_feature.geojson": dumped(of_feature),
        "escaped.geojson": dumped(linked).replace(b'"crs"', b'"\\u0063rs"'),
        "escaped_kind.geojson": dumped(linked).replace(b'"link"', b'"l\\u0069nk"'),
        "topology.json": dumped({**TOPOLOGY, "crs": link(url)}),
        "topology_url.json": dumped({**TOPOLOGY, "crs": link(url, "url")}),
        "packed.geojson.gz": gzip.compress(dumped(linked)),
        "packed_twice.gz": gzip.compress(gzip.compress(dumped(linked))),
        "packed.zip": zipped(a_geojson=dumped(linked)),
        "elsewhere.geojson": dumped(collection(crs=link("ftp://127.0.0.1/a"))),
        "on_the_disk.geojson": dumped(collection(crs=link("file:///etc/passwd"))),
    }


def asking(folder: Path, url: str) -> dict[str, bytes]:
    """Files of other formats, each with whatever it can name a place by."""
    href = f"<href>{url}</href>"
    vrt = f"<OGRVRTDataSource><OGRVRTLayer name='a'><SrcDataSource>{url}</SrcDataSource>"
    gml = f"xmlns:xlink='http://www.w3.org/1999/xlink' xlink:href='{url}'"
    entity = f'<!DOCTYPE kml [<!ENTITY x SYSTEM "{url}">]>'
    external = '<Relationship Id="r" Type="externalLinkPath" TargetMode="External"'
    return {
        "network_link.kml": KML.format(f"<NetworkLink><Link>{href}</Link></NetworkLink>").encode(),
        "style.kml": KML.format(PLACEMARK.format(f"<styleUrl>{url}#a</styleUrl></Placemark>"))
        .replace(
            "<Document>", f"<Document><Style><IconStyle><Icon>{href}</Icon></IconStyle></Style>"
        )
        .encode(),
        "schema.kml": KML.format(f"<Schema name='a' parent='{url}'/>").encode(),
        "entity.kml": (entity + KML.format("<Placemark><name>&x;</name></Placemark>")).encode(),
        "overlay.kml": KML.format(f"<GroundOverlay><Icon>{href}</Icon></GroundOverlay>").encode(),
        "a.gpx": f"<gpx><wpt lat='21' lon='105'><link href='{url}'/></wpt></gpx>".encode(),
        "a.gml": f"<gml:a xmlns:gml='x' {gml} xsi:schemaLocation='x {url}'/>".encode(),
        "a.vrt": vrt.encode(),
        "a.geojson": dumped(collection(crs={"type": "name", "properties": {"name": url}})),
        "esri.json": dumped({"type": "esri", "spatialReference": {"wkt": url}, "features": []}),
        "fg.json": dumped(collection(coordRefSys=url, conformsTo=["[ogc-json-fg-1-0.1:core]"])),
        "rss.xml": f"<rss xmlns:georss='x'><channel><link>{url}</link></channel></rss>".encode(),
        "a.svg": f"<svg><image href='{url}'/></svg>".encode(),
        "vrt.zip": zipped(a_vrt=vrt.encode(), a_csv="số nhà,mã xã\n1,00199\n".encode()),
        "shapes.zip": zipped(a_shp=b"\0\0\x27\x0a", a_dbf=b"", a_prj=url.encode()),
        "a.tab": f'!table\n!version 300\nDefinition Table\nFile "/vsicurl/{url}"'.encode(),
        "a.mif": f'Version 300\nColumns 1\n a char(9)\nData\nOpen Table "{url}"'.encode(),
        "a.gpkg": database(folder, url),
        "book.xlsx": zipped(
            xl_workbook_xml=b"<workbook/>",
            xl_externalLinks_rels=f"{external} Target='{url}'/>".encode(),
        ),
        "a.csv": f"số nhà,tên đường,mã xã\n=WEBSERVICE('{url}'),{url},00199\n".encode(),
    }


@pytest.fixture
def listener() -> Iterator[tuple[str, list[object]]]:
    """A URL on this machine, and the connections made to it."""
    came: list[object] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def listen() -> None:
            while True:
                try:
                    caller, address = server.accept()
                except OSError:
                    return
                came.append(address)
                caller.close()

        thread = threading.Thread(target=listen)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/a.prj", came
        server.shutdown(socket.SHUT_RDWR)
    thread.join()


def test_layer_that_links_to_its_crs_is_refused_by_name(
    tmp_path: Path, listener: tuple[str, list[object]]
) -> None:
    url, came = listener
    for name, content in refused(url).items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(FileLinksElsewhereError) as caught:
            read_file(tmp_path / name)
        assert caught.value.code == "file_links_elsewhere", name
        assert caught.value.detail.startswith(f"{name}: ")
    assert came == []


def test_no_url_in_a_file_is_fetched(tmp_path: Path, listener: tuple[str, list[object]]) -> None:
    url, came = listener
    for name, content in asking(tmp_path, url).items():
        (tmp_path / name).write_bytes(content)
        try:
            table = read_file(tmp_path / name)
            with table.rows() as rows:
                assert list(rows) is not None
        except UnreadableFileError:
            continue
    assert came == []


def test_gdal_alone_would_fetch_it(tmp_path: Path, listener: tuple[str, list[object]]) -> None:
    url, came = listener
    path = tmp_path / "a.geojson"
    path.write_bytes(dumped(collection(crs=link(url))))
    code = f"from registry.files.gdal import pyogrio; pyogrio.read_info({str(path)!r})"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=False)
    assert came

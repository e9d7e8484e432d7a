"""What the server offers to read and to take: its documentation, open data, the board."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from pathlib import Path
from urllib.parse import unquote

import pytest
from flask import Flask
from flask.testing import FlaskClient

from api.pages.manual import images, linked_files, manual_page, names
from api.pages.manual_contents import GROUPS, OTHERS, contents, search
from registry.core.errors import InvalidInputError
from registry.core.settings import Settings
from registry.ops.service_counts import ServiceCounts, recent_counts
from registry.publish.open_data import DATASETS, folder_of, publish
from tests.support.desk import sign_in
from tests.support.keys import Office, bearer, office
from tests.support.units import open_app

CODE = re.compile(r"<pre.*?</pre>|<code>.*?</code>", re.DOTALL)


@pytest.fixture(scope="module")
def place(admin_url: str, worker_id: str) -> Iterator[Office]:
    with office(admin_url, f"site_{worker_id}") as made:
        yield made


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(limits=False, var=tmp_path_factory.mktemp("var"))


@pytest.fixture(scope="module")
def app(place: Office, settings: Settings) -> Iterator[Flask]:
    with open_app(place.place.url, None, settings) as made:
        yield made


def test_documentation_pages_are_valid_and_their_links_resolve() -> None:
    anchors = {
        (name, section.anchor)
        for name in names()
        for section in manual_page(name).sections  # type: ignore[union-attr]
    }
    wrong = []
    for name in names():
        page = manual_page(name)
        assert page is not None
        shown = CODE.sub("", page.body)
        if "<span>" in shown:
            wrong.append((name, "a link to nothing"))
        if re.search(r"<script|style=|\son\w+=|<!--|&lt;!--", shown):
            wrong.append((name, "script, style or comment"))
        for link in re.findall(r'href="([^"]+)"', shown):
            path, _, anchor = unquote(unescape(link)).partition("#")
            to = path.removeprefix("/docs/") or name
            if link.startswith("/docs/files/"):
                if to.removeprefix("files/") not in linked_files():
                    wrong.append((name, link))
            elif link.startswith(("/docs/", "#")) and (
                to not in names() or (anchor and (to, anchor) not in anchors)
            ):
                wrong.append((name, link))
        for source in re.findall(r'src="([^"]+)"', shown):
            if source.removeprefix("/docs/img/") not in images():
                wrong.append((name, source))
    assert wrong == []
    assert [title for title, _ in contents()] == [title for title, _ in GROUPS]  # none in OTHERS
    assert OTHERS not in dict(contents())


@pytest.mark.parametrize(
    "path",
    [
        *("/docs/../README", "/docs/%2e%2e/README", "/docs/..%2fREADME.md", "/docs/../setup.cfg"),
        *("/docs/decisions/../../README.md", "/docs//etc/passwd", "/docs/img/..%2f..%2fLICENSE"),
        *(
            "/docs/img/../api.md",
            "/docs/nothing",
            "/docs/api.md.md",
            "/docs/api%00",
            "/data/nothing",
        ),
        *("/docs/files/setup.cfg", "/docs/files/../LICENSE", "/docs/files/docs/api.md"),
        *("/data/..%2fimports", "/data/../LICENSE", "/data/.hidden"),
    ],
)
def test_path_traversal_is_refused(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code in (308, 400, 404)  # 308: without its second slash


def test_documentation_is_served_searchable_and_uses_this_register(client: FlaskClient) -> None:
    listed = client.get("/docs").text
    assert 'href="/docs/office"' in listed
    page = client.get("/docs/api", base_url="https://diachi.example").text
    assert "https://diachi.example/openapi.json" in page
    assert "127.0.0.1:8000" not in page
    # The current result of the example in this register.
    live = page.split('class="live"')[1].split("</section>")[0]
    assert "Phường Ngọc Hà" in unescape(live)
    assert '"register"' in unescape(live)
    assert client.get("/docs/api.md").mimetype == "text/markdown"
    assert 'href="/docs/files/deploy/nginx.conf"' in client.get("/docs/install").text
    linked = client.get("/docs/files/deploy/nginx.conf")
    assert (linked.mimetype, "127.0.0.1:8000" in linked.text) == ("text/plain", True)
    assert client.get("/docs/files/CHANGELOG.md").text.startswith("# Changelog")
    assert client.get("/docs/img/packs-phone.jpg").mimetype == "image/jpeg"
    for asked, found in (("han muc xylophone", None), ("biển số nhà", "paper#"), ("", "office")):
        text = client.get("/docs", query_string={"q": asked}).text
        assert f"/docs/{found}" in text if found else "Không mục nào" in text
    assert client.get("/docs", query_string={"q": "<b>'\"\\[" * 400}).status_code == 200
    assert ">tiếng Việt<" in client.get("/docs/office").text
    assert ">English<" in client.get("/docs/reference/settings").text
    rooms = [each.page.name.partition("/")[0] for each in search("pooler")]
    ranks = [{"reference": 1, "decisions": 2}.get(room, 0) for room in rooms]
    assert ranks == sorted(ranks)
    assert {*ranks} == {0, 1, 2}
    index = client.get("/llms.txt", base_url="https://diachi.example")
    assert index.mimetype == "text/plain"
    assert "https://diachi.example/docs/api.md" in index.text


def test_open_data_is_made_listed_and_downloaded(
    place: Office, app: Flask, settings: Settings, client: FlaskClient
) -> None:
    place.place.house("1")
    assert "Chưa có tệp" in client.get("/data").text
    assert client.get("/data/manifest.json").get_json() == []
    wanted = replace(settings, open_data=("units", "coverage", "households.csv"))
    made = publish(place.place.engine, wanted)
    assert [each.dataset for each in made] == ["units", "coverage", "households.csv"]
    listed = client.get("/data/manifest.json").get_json()
    for each in listed:
        taken = client.get(each["url"], buffered=True)
        assert hashlib.sha256(taken.data).hexdigest() == each["sha256"]
        assert (len(taken.data), taken.content_length) == (each["bytes"], each["bytes"])
        known = {"If-None-Match": taken.headers["ETag"]}
        assert client.get(each["url"], headers=known, buffered=True).status_code == 304
        assert each["sha256"] in client.get("/data").text
    assert (
        b"Ph\xc6\xb0\xe1\xbb\x9dng Ba \xc4\x90\xc3\xacnh"
        in client.get(listed[0]["url"], buffered=True).data
    )
    # Unnamed items are removed; an unknown name is reported with the known ones.
    (stays,) = publish(place.place.engine, replace(settings, open_data=("units",)))
    assert [path.name for path in folder_of(settings).glob("*.csv")] == [stays.name] + [
        path.name for path in folder_of(settings).glob("*.columns.csv")
    ]
    assert client.get("/data/do-phu.csv").status_code == 404
    with pytest.raises(InvalidInputError, match=r"households\.geoparquet"):
        publish(place.place.engine, replace(settings, open_data=("people",)))
    assert {f"households.{form}" for form in ("csv", "gpkg")} <= DATASETS.keys()


def test_board_sums_all_processes_and_names_carriers_to_allowed_roles(
    place: Office, app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.pages.board._KEPT_S", 0.0)
    before = client.get("/board.json").get_json()
    asked_before = {each["kind"]: each for each in before["requests"]}
    other = ServiceCounts(place.place.engine)  # another process
    other.count("geocode", "ok", 5)
    other.count_verdicts(["accept", "reject", "accept"])
    other.write()
    other.write()  # nothing twice
    client.get("/v1/geocode", query_string={"q": "Phường Ba Đình"})
    client.get("/v1/geocode")
    client.post("/v1/validate", json={"address": "Phường Ba Đình, Hà Nội"})
    batch = '{"address": "Phường Ba Đình, Hà Nội"}\n' * 2
    kind = {"Content-Type": "application/x-ndjson"}
    assert client.post("/v1/batch/validate", data=batch.encode(), headers=kind).data
    names, door = {}, place.place.house("3")
    for name in ("bưu điện", "hãng B"):
        names[name] = key = place.key(name, "carrier")
        report = {"kind": "confirmed", "code": door}
        filed = client.post("/v1/reports", json=report, headers=bearer(key))
        assert filed.status_code == 200, filed.text
    answer = client.get("/board.json").get_json()
    asked = {
        (each["kind"], what): each[what] - asked_before.get(each["kind"], {what: 0})[what]
        for each in answer["requests"]
        for what in ("asked", "refused")
    }
    assert (asked["geocode", "asked"], asked["geocode", "refused"]) == (7, 1)
    assert (asked["batch", "asked"], asked["reports", "asked"]) == (1, 2)
    verdicts = {name: n - before["verdicts"][name] for name, n in answer["verdicts"].items()}
    assert sum(verdicts.values()) == 3 + 1 + 2
    assert (verdicts["accept"], verdicts["reject"]) == (2, 1)
    carriers = {name: n - before["carriers"][name] for name, n in answer["carriers"].items()}
    assert (carriers["keys"], carriers["reports"]) == (2, 2)
    assert "confirmed" in [each["kind"] for each in answer["reports"]]
    admin = sign_in(place, place.key("quản trị", "admin"))
    seen = {
        "anybody": client.get("/board").text,
        "carrier": client.get("/board", headers=bearer(names["hãng B"])).text,
        "admin": admin.get("/board").text,
    }
    assert {who: [name for name in names if name in page] for who, page in seen.items()} == {
        "anybody": [],
        "carrier": ["hãng B"],
        "admin": ["bưu điện", "hãng B"],
    }


def test_counts_survive_a_database_outage(place: Office) -> None:
    with open_app("postgresql://nobody@127.0.0.1:1/nothing") as app:
        client = app.test_client()
        assert client.get("/v1/geocode?q=x").status_code == 503
        away: ServiceCounts = app.extensions["diachiso_counts"]
        away.write()
        away._engine = place.place.engine
        away.write()
    found = recent_counts(place.app.extensions["diachiso"].reads, 1)
    assert ("geocode", "failed", 1) in [(each.kind, each.outcome, each.times) for each in found]


def test_invalid_open_data_folder_is_reported(place: Office, tmp_path: Path) -> None:
    (tmp_path / "open-data").write_text("")
    with pytest.raises(Exception, match="open-data"):
        publish(place.place.engine, Settings(var=tmp_path, open_data=("units",)))

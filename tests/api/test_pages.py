"""Pages where something is closed, stopped or forged; what people see is in tests/browser."""

import csv
import io
import re
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
import xlsxwriter
from flask.testing import FlaskClient

from geo.code import format as code_display
from registry.core.settings import Settings
from tests.support.search_world import search_world
from tests.support.thorough import gate_takes_first, gate_takes_one_of
from tests.support.units import open_app
from tests.support.web import Site

NOWHERE = "postgresql://nobody@127.0.0.1:1/nothing"
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8", "Accept-Language": "vi"}
READ = ("/", "/a/0000-0647", "/coverage", "/coverage/01", "/try", "/docs")


@pytest.fixture(scope="module")
def site(admin_url: str, worker_id: str) -> Iterator[Site]:
    """One that takes reports."""
    with search_world(admin_url, f"pages_api_{worker_id}") as world, open_app(world.url) as app:
        yield Site(app.test_client(), world)


def test_pages_state_that_a_key_is_needed_without_anonymous_reads(site: Site) -> None:
    closed = Settings(limits=False, anonymous_reads=False)
    with open_app(site.world.url, None, closed) as app:
        client = app.test_client()
        for path in READ:
            answer = client.get(path, headers=BROWSER)
            assert answer.status_code == 401, path
            assert "Trang này cần khoá" in answer.text, path
            assert "Content-Security-Policy" in answer.headers, path
        style = client.get("/static/any/site.css")
        assert style.status_code == 200  # the error page has its style sheet


@pytest.mark.parametrize("language", gate_takes_first(1, ["vi", "en"]))
def test_stopped_database_is_reported_by_a_page(language: str) -> None:
    with open_app(NOWHERE) as app:
        client = app.test_client()
        client.set_cookie("lang", language)
        for path in ("/", "/a/0000-0647", "/coverage"):
            answer = client.get(path, headers=BROWSER)
            assert (answer.status_code, answer.mimetype) == (503, "text/html"), path
            assert {"vi": "Sổ tạm thời không phục vụ", "en": "resting"}[language] in answer.text
            assert answer.headers["Retry-After"]
            assert f'href="{path}"' in answer.text  # try again


def report(client: FlaskClient, code: str, **headers: str) -> int:
    # As browsers name them, with hyphens.
    named: dict[str, Any] = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.post(
        f"/a/{code_display(code)}/report", data={"kind": "confirmed"}, headers=named
    ).status_code


def test_form_of_another_site_is_refused(site: Site) -> None:
    code = site.world.codes["27 Láng"]
    forged = (
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
        {"Sec_Fetch_Site": "cross-site", "Origin": "http://localhost"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://[bad"},
    )
    for headers in forged:
        assert report(site.client, code, **headers) == 403, headers
    for headers in ({"Sec_Fetch_Site": "same-origin"}, {"Origin": "http://localhost"}, {}):
        assert report(site.client, code, **headers) == 303, headers


def test_page_names_the_public_address_of_the_server(site: Site) -> None:
    code = site.world.codes["27 Láng"]
    path = f"/a/{code_display(code)}"
    assert f"http://localhost{path}" in site.client.get(path).text
    # Nobody else can open such a QR code; the page and the print state it.
    for host, words in (("localhost", "trên chính máy chủ"), ("10.0.0.7:8000", "trong mạng")):
        text = site.client.get(path, headers={"Host": host}).text
        assert words in text, host
        assert "DIACHISO_PUBLIC_URL" in text
    settings = Settings(limits=False, public_url="https://diachi.example")
    with open_app(site.world.url, settings=settings) as app:
        client = app.test_client()
        text = client.get(path).text
        assert f"https://diachi.example{path}" in text
        assert "http://localhost" not in text
        assert "DIACHISO_PUBLIC_URL" not in text
        # A proxy asks by another name than people do.
        assert report(client, code, Origin="https://diachi.example") == 303
        assert report(client, code, Origin="https://other.example") == 403


@pytest.mark.parametrize(
    ("proxies", "expected", "scheme"),
    gate_takes_one_of(
        3,
        [
            (0, "https", "http"),
            (1, "https", "https"),
            (1, "HTTPS", "https"),
            # Entries left of those added by the proxies may be forged.
            (1, "https, http", "http"),
            (1, "http, https", "https"),
            (2, "ftp, https, http", "https"),
            # Proxies write their own word over that of the one before as often as behind it.
            (2, "https", "https"),
            (1, "javascript", "http"),
            (1, "https, ", "http"),
            (1, "", "http"),
        ],
    ),
)
def test_declared_proxies_give_the_url_scheme(
    site: Site, proxies: int, expected: str, scheme: str
) -> None:
    path = f"/a/{code_display(site.world.codes['27 Láng'])}"
    settings = Settings(limits=False, proxies=proxies)
    with open_app(site.world.url, settings=settings) as app:
        headers = {"X-Forwarded-Proto": expected, "Host": "diachi.example"}
        text = app.test_client().get(path, headers=headers).text
        assert re.findall(rf"\b\w+://diachi\.example{path}", text)
        assert set(re.findall(r"(\w+)://diachi\.example", text)) == {scheme}


def test_tiles_have_a_separate_rate_limit(site: Site) -> None:
    with open_app(site.world.url, settings=Settings(limits=True, rate_per_address=2)) as app:
        client = app.test_client()
        tiles = [client.get(f"/tiles/18/{x}/0").status_code for x in range(21)]
        assert tiles == [200] * 20 + [429]
        answers = [client.get("/try", headers=BROWSER) for _ in range(3)]
        assert [each.status_code for each in answers] == [200, 200, 429]
        assert "Thao tác quá nhanh" in answers[-1].text
        assert int(answers[-1].headers["Retry-After"]) > 0
        assert client.get("/static/any/site.css").status_code == 200


def test_problem_titles_are_in_the_requested_language(site: Site) -> None:
    def title(wanted: str | None) -> str:
        headers = {"Accept-Language": wanted} if wanted else {}
        answer = site.client.get("/v1/units/99999", headers=headers)
        assert "Accept-Language" in answer.headers["Vary"]
        return str(answer.get_json()["title"])

    for english in ("en", "EN-gb", "en-GB, vi;q=0.9", "fr, en;q=0.8, vi;q=0.2"):
        assert title(english) == "Not Found", english
    for vietnamese in ("vi", "vi-VN,vi;q=0.9,en;q=0.5"):
        assert title(vietnamese) == "Không tìm thấy", vietnamese
    for other in (None, "*", "fr"):
        assert title(other) == "Không tìm thấy (Not Found)", other


@pytest.mark.parametrize("path", ["/v1/units/01", "/v1/units?q=hue", "/tiles/4/12/7"])
def test_outdated_etag_is_refused_without_the_current_one(site: Site, path: str) -> None:
    etag = site.client.get(path).headers["ETag"]
    assert site.client.get(path, headers={"If-Match": etag}).status_code == 200
    refused = site.client.get(path, headers={"If-Match": '"another"'})
    assert refused.status_code == 412
    assert refused.get_json(force=True)["code"] == "precondition_failed"


def test_outdated_etag_of_an_address_is_refused(site: Site) -> None:
    path = f"/v1/addresses/{site.world.codes['27 Láng']}"
    etag = site.client.get(path).headers["ETag"]
    assert site.client.get(path, headers={"If-Match": etag}).status_code == 200
    assert site.client.get(path, headers={"If-Match": '"1-x"'}).status_code == 412


def converted(site: Site, text: str, **more: str) -> str:
    answer = site.client.post("/try", data={"text": text, "mode": "convert", **more})
    assert answer.status_code == 200
    return answer.text


def test_old_addresses_are_converted_to_current_ones(site: Site) -> None:
    text = converted(
        site, "27 Láng, P. Láng Hạ, Đống Đa, Hà Nội\n12 Nguyễn Trãi, P. 3, Q. 5, TP.HCM"
    )
    assert "Phường Láng" in text
    assert "00199" in text
    assert "Đã đổi: 2" in text
    # A split ward without a street: both successors are offered.
    split = converted(site, "P. Ngọc Hà, Q. Ba Đình, Hà Nội")
    assert "Cần chọn: 1" in split
    assert "Phường Ba Đình" in split
    assert "Phường Ngọc Hà" in split
    nothing = converted(site, "zzz")
    assert "Không nhận ra: 1" in nothing
    assert "mode=convert" not in nothing
    assert 'value="convert" checked' in nothing


def test_unconverted_address_is_not_marked_as_converted(site: Site) -> None:
    old, today = "27 Láng, P. Láng Hạ, Đống Đa, Hà Nội", "27 Láng, Phường Láng, Hà Nội"
    nowhere, supposed = "12 abc, Hà Nội", "27 Láng, Hà Nội"
    text = converted(site, "\n".join((old, today, nowhere, supposed)))
    for tally in ("Đã đổi: 1<", "Đã theo địa giới mới: 1<", "Chưa đổi được, cần hỏi: 2<"):
        assert tally in text
    assert "Địa chỉ này ở xã" in text  # the question is shown


def test_every_mode_has_its_own_url(site: Site) -> None:
    assert 'value="convert" checked' in site.client.get("/try?mode=convert").text
    for path in ("/try", "/try?mode=check", "/try?mode=<script>"):
        assert 'value="check" checked' in site.client.get(path).text


FAR = {"kind": "wrong_point", "lat": "10.7769", "lon": "106.7009"}
SWAPPED = {"kind": "wrong_point", "lat": "105.8066", "lon": "21,0213"}


def test_refused_report_is_returned_in_the_filled_in_form(site: Site) -> None:
    path = f"/a/{code_display(site.world.codes['27 Láng'])}/report"
    far = site.client.post(path, data=FAR)
    assert far.status_code == 422
    assert "ở ngoài xã, phường, cách trụ sở" in far.text
    assert "phía chúng tôi" not in far.text
    assert 'value="10.7769"' in far.text
    assert 'value="wrong_point" checked' in far.text
    nowhere = site.client.post(path, data={"kind": "wrong_point", "lat": "abc", "lon": "1"})
    assert (nowhere.status_code, 'value="abc"' in nowhere.text) == (422, True)
    assert site.client.post(path, data=SWAPPED).status_code == 303  # the order needs no guess
    unknown = site.client.post("/a/zzz/report", data={"kind": "confirmed"})
    assert unknown.status_code == 404
    assert "phía chúng tôi" not in site.client.post(path, data={"kind": "?"}, headers=BROWSER).text


def test_house_without_a_code_is_reported_from_a_page(site: Site) -> None:
    place = {"lat": "21.0213", "lon": "105.8066"}
    shown = site.client.get("/new-house", query_string=place).text
    assert 'value="21.0213"' in shown
    named = {**place, "address": "129B Láng"}
    filed = site.client.post("/new-house", data=named)
    assert filed.status_code == 303, re.findall("alert.*", filed.text)
    receipt = site.client.get(filed.location)
    assert receipt.headers["Cache-Control"] == "no-store"
    assert all(text in receipt.text for text in ("129B", "Cảm ơn", "Đang chờ"))
    assert site.client.get("/reports/none").status_code == 404
    taken = site.client.post("/new-house", data={**place, "address": "27 Láng"})
    assert (taken.status_code, code_display(site.world.codes["27 Láng HCM"]) in taken.text) == (
        409,
        True,
    )
    assert 'value="27 Láng"' in taken.text
    foreign = site.client.post("/new-house", data=place, headers={"Origin": "https://evil.example"})
    assert foreign.status_code == 403
    abroad = site.client.post("/new-house", data={"lat": "48.85", "lon": "2.35"})
    assert (abroad.status_code, "ngoài Việt Nam" in abroad.text) == (422, True)


def test_board_explains_why_nothing_is_deliverable(site: Site) -> None:
    """The search world has demo codes, none with a position accuracy."""
    page = site.client.get("/coverage/01", headers=BROWSER).text
    assert "Giao được tận nơi" in page
    assert "Chưa vị trí nào có sai số từ 20 m" in page
    assert "Chưa vị trí nào" not in site.client.get("/coverage/96", headers=BROWSER).text


@pytest.mark.parametrize(
    ("code", "former", "listed"),
    [
        ("77", "Tỉnh Bà Rịa - Vũng Tàu", "Phường Sài Gòn"),
        ("001", "Quận Ba Đình", "Phường Giảng Võ"),
        ("00016", "Phường Ngọc Hà", "Phường Ba Đình"),
    ],
)
def test_board_of_a_former_unit_shows_its_successors(
    site: Site, code: str, former: str, listed: str
) -> None:
    page = site.client.get(f"/coverage/{code}", headers=BROWSER)
    assert page.status_code == 200
    assert f"{former} là đơn vị của địa giới cũ" in page.text
    assert listed in page.text
    for link in re.findall(r'href="([^"]*coverage/[^"?]*(?:\?(?!lang)[^"]*)?)"', page.text):
        assert site.client.get(link.replace("&amp;", "&")).status_code == 200, link


def test_address_is_found_without_scripts(site: Site) -> None:
    # The field of the map's page sends everything here, before its script has come or without it.
    code = code_display(site.world.codes["27 Láng"])
    led = site.client.get("/a", query_string={"code": f"https://diachi.example/a/{code}"})
    assert (led.status_code, led.location) == (303, f"/a/{code.replace('-', '')}")
    for text in (
        "27 Láng, P. Láng Hạ, Đống Đa",
        "số 27 Láng, P. Láng/Láng Hạ, Đống Đa",
        "21.0, 105.8",
    ):
        shown = site.client.get("/a", query_string={"code": text}, headers=BROWSER)
        assert shown.status_code == 200, text
        assert shown.headers["Cache-Control"] == "no-store", text
        assert text in shown.text, text  # to be typed on
    (link,) = set(
        re.findall(
            r'href="/a/([^"]+)"',
            site.client.get("/a?code=27+Láng,+P.+Láng+Hạ,+Đống+Đa", headers=BROWSER).text,
        )
    )
    assert link == code


def test_not_found_is_reported_without_scripts(site: Site) -> None:
    for text in ("zzzz", "a/b/c/d", "<script>", "%2F"):
        shown = site.client.get("/a", query_string={"code": text}, headers=BROWSER)
        assert "Không tìm thấy" in shown.text, text
        assert "<script>" not in shown.text
    slip = site.client.get("/a", query_string={"code": "0000-0648"})
    assert (slip.status_code, slip.location) == (303, "/a/0000-0648")  # which reports it
    assert site.client.get("/a").location == "/"


def test_unregistered_valid_code_is_not_reported_as_mistyped(site: Site) -> None:
    for path, words in (("/a/2HT6-4FP5", "Mã viết đúng"), ("/a/12", "Mã có 8 ký tự")):
        shown = site.client.get(path, headers=BROWSER)
        assert shown.status_code == 404
        assert words in shown.text, path


@pytest.mark.parametrize(
    "body", [b"PK\x03\x04\x14\x00", b"\xd0\xcf\x11\xe0\xa1\xb1", b"RIFF\x00\x01"]
)
def test_invalid_workbook_is_refused(site: Site, body: bytes) -> None:
    sent = {"file": (io.BytesIO(body + bytes(500)), "don.xlsx")}
    shown = site.client.post("/try", data=sent, headers=BROWSER)
    assert shown.status_code == 422
    assert "Không đọc được tệp này như bảng tính" in shown.text
    assert "PK" not in shown.text
    batch = site.client.post(
        "/v1/batch/validate", data=body + bytes(500), content_type="text/csv"
    ).get_json(force=True)
    assert batch["code"] == "unreadable_file"
    assert "hãy lưu thành CSV (UTF-8)" in batch["detail"]


def test_workbook_of_orders_is_checked_like_csv(site: Site) -> None:
    rows = [["ĐƠN HÀNG THÁNG 11"], ["Mã đơn", "Địa chỉ"], ["A1", "27 Láng, Phường Láng, Hà Nội"]]
    body = io.BytesIO()
    with xlsxwriter.Workbook(body) as book:
        sheet = book.add_worksheet()
        for at, row in enumerate([*rows, ["", "Tổng cộng: 1 đơn"]]):
            sheet.write_row(at, 0, row)
    sent = {"file": (io.BytesIO(body.getvalue()), "đơn.xlsx")}
    shown = site.client.post("/try", data=sent, headers=BROWSER)
    assert shown.status_code == 200
    assert code_display(site.world.codes["27 Láng"]) in shown.text
    assert "Đúng: 1<" in shown.text
    assert "Dòng tổng, không phải địa chỉ" in shown.text


def test_carrier_columns_are_recognised_and_unknown_ones_named(site: Site) -> None:
    header = "to_name,to_phone,to_address,to_ward_name,to_province_name\n"
    row = "Nguyễn Văn Tám,0912345678,27 Láng,Phường Láng,Hà Nội\n"
    for sent in ({"text": header + row}, {"file": (io.BytesIO((header + row).encode()), "a.csv")}):
        shown = site.client.post("/try", data=sent, headers=BROWSER)
        assert "Đúng: 1<" in shown.text
        assert "Cột không đọc: to_name, to_phone<" in shown.text
        assert '<td data-head="Đã gửi">27 Láng, Phường Láng, Hà Nội</td>' in shown.text


def test_unrecognised_address_column_can_be_chosen(site: Site) -> None:
    table = "tên khách,nơi ấy,tỉnh\nNguyễn Văn Tám,27 Láng,Hà Nội\n"
    for sent in ({"text": table}, {"file": (io.BytesIO(table.encode()), "a.csv")}):
        refused = site.client.post("/try", data=sent, headers=BROWSER)
        assert (refused.status_code, refused.headers["Cache-Control"]) == (422, "no-store")
        assert "Không nhận ra cột địa chỉ" in refused.text
        assert "<option>nơi ấy</option>" in refused.text
        assert "verdict-" not in refused.text
        # What was sent waits in the form for the choice; afterwards only what was read comes back.
        assert f">{table}</textarea>" in refused.text
        chosen = {"text": table, "column": "nơi ấy"}
        answered = site.client.post("/try", data=chosen, headers=BROWSER)
        assert answered.status_code == 200
        assert "Cột không đọc: tên khách<" in answered.text
        assert "Tám" not in answered.text


def test_workbook_that_unpacks_too_large_is_refused(site: Site) -> None:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("xl/worksheets/sheet1.xml", bytes(50_000_000))
    sent = {"file": (io.BytesIO(body.getvalue()), "don.xlsx")}
    assert site.client.post("/try", data=sent, headers=BROWSER).status_code == 422


def test_total_row_below_a_list_is_not_an_address(site: Site) -> None:
    total = site.client.post("/v1/validate", json={"address": "Tổng cộng: 35 đơn"}).get_json()
    assert total["verdict"] == "reject"
    table = 'mã đơn,địa chỉ\n1,"27 Láng, Phường Láng, Hà Nội"\n,Tổng: 1 đơn\n'
    batch = site.client.post("/v1/batch/validate", data=table.encode(), content_type="text/csv")
    statuses = [row["result_status"] for row in csv.DictReader(io.StringIO(batch.text))]
    assert statuses == ["ok", "total_row"]


def test_small_map_connects_the_doors_of_an_alley_by_number(site: Site) -> None:
    page = site.client.get(f"/a/{code_display(site.world.codes['27 Láng'])}", headers=BROWSER).text
    # 12/34/5A and 12/34/7 stand side by side; 27 has no other near it.
    assert re.search(r'class="sketch-row" d="M\d+ \d+L\d+ \d+"', page)

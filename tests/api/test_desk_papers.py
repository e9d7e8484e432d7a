"""Paper at the desk: printed from forms, certificates on record, plates that have a life."""

import io
from collections.abc import Iterator

import pypdfium2
import pytest

from geo.code import format as code_display
from registry.core.settings import Settings
from tests.support.desk import Seat, hidden, seated
from tests.support.keys import Office
from tests.support.keys import office as open_office
from tests.support.lifecycle import COMMUNE, ELSEWHERE

PAGE = "/desk/papers"


@pytest.fixture(scope="module")
def office(admin_url: str, worker_id: str) -> Iterator[Office]:
    settings = Settings(limits=False, public_url="https://diachi.example")
    with open_office(admin_url, f"desk_papers_{worker_id}", settings) as made:
        yield made


@pytest.fixture(scope="module")
def seat(office: Office) -> Seat:
    return seated(office, "UBND phường Láng")


def text_of(pdf: bytes) -> str:
    document = pypdfium2.PdfDocument(io.BytesIO(pdf))
    return "\n".join(page.get_textpage().get_text_range() for page in document)


def test_papers_are_offered_only_to_editors(office: Office, seat: Seat) -> None:
    page = seat.get(PAGE, code="1H6X-XH2V")
    assert page.status_code == 200
    assert all(each in page.text for each in ("Biển", "Danh sách", "Giấy xác nhận", "Quyết định"))
    assert 'value="1H6X-XH2V"' in page.text
    viewer = seated(office, "Sở xem giấy", "viewer")
    assert viewer.get(PAGE).status_code == 403


def test_plates_are_printed_and_their_states_recorded(office: Office, seat: Seat) -> None:
    code = office.place.house("301")
    printed = seat.post(f"{PAGE}/plates", PAGE, codes=code, size="120x80", sheet="a4")
    assert printed.content_type == "application/pdf"
    assert code_display(code) in text_of(printed.data)
    for act, day in (("issue-plates", "2026-11-02"), ("mount-plates", "2026-11-03")):
        shown = seat.post(f"{PAGE}/{act}", PAGE, codes=code)
        assert "301 Phố Láng" in shown.text
        form = dict(hidden(shown.text)) | {"on": day, "_step": "do"}
        noted = [seat.client.post(f"{PAGE}/{act}", data=form) for _ in range(2)]
        assert [(each.status_code, each.location) for each in noted] == [(303, PAGE)] * 2
        assert "đã ghi rồi" in seat.get(PAGE).text
    (plate,) = office.place.rows("SELECT issued_on, mounted_on FROM plate WHERE code = :c", c=code)
    assert [each.isoformat() for each in plate] == ["2026-11-02", "2026-11-03"]
    listed = seat.post(f"{PAGE}/list", PAGE, codes=code, purpose="field")
    assert listed.content_type == "application/pdf"


def test_certificate_is_issued_verified_and_revoked(office: Office, seat: Seat) -> None:
    code = office.place.house("303")
    shown = seat.post(f"{PAGE}/certificate", PAGE, code=code_display(code), document_number="15")
    assert "303 Phố Láng" in shown.text
    assert "Chưa có toạ độ, không có bản đồ" in shown.text
    form = dict(hidden(shown.text)) | {"step": "do"}
    issued, twice = (seat.client.post(f"{PAGE}/certificate", data=form) for _ in range(2))
    assert (twice.status_code, twice.location) == (303, PAGE)
    assert issued.content_type == "application/pdf"
    number = issued.headers["Certificate-Number"]
    assert number in text_of(issued.data)
    assert number in seat.get(PAGE).text
    back = seat.post(f"{PAGE}/revoke", PAGE, number=number, reason="ghi nhầm số")
    assert back.status_code == 303
    assert "ghi nhầm số" in seat.get(PAGE).text
    state = office.client.get(f"/v1/certificates/{number}").get_json()
    assert state["state"] == "revoked"


def test_decision_for_a_past_operation_is_printed(office: Office, seat: Seat) -> None:
    key = office.key("đặt tên")
    named = office.post("name-street", key, commune=COMMUNE, street="Phố O'Hara & Con")
    event = named.get_json()["event_id"]
    page = seat.get(PAGE).text
    assert f'name="event_id" value="{event}"' in page
    printed = seat.post(f"{PAGE}/decision", PAGE, event_id=str(event), number="7/QĐ-UBND")
    # Notices for the reader are shown before the PDF, which the next button opens.
    assert "Chưa có toạ độ, không có bản đồ" in printed.text
    opened = seat.client.post(f"{PAGE}/decision", data=dict(hidden(printed.text)))
    text = text_of(opened.data)
    assert "7/QĐ-UBND" in text
    assert "O'Hara" in text, text
    other = seated(office, "phường khác", units=(ELSEWHERE,))
    assert f'value="{event}"' not in other.get(PAGE).text
    assert other.post(f"{PAGE}/decision", PAGE, event_id=str(event)).status_code == 403


@pytest.mark.parametrize(
    ("form", "given", "status"),
    [
        ("plates", {}, 422),
        ("plates", {"codes": "1000-0006", "size": "9x9"}, 422),
        ("issue-plates", {"codes": "=cmd()"}, 422),
        ("list", {"commune": COMMUNE, "street": "Đường Không Có"}, 404),
        ("certificate", {"code": "<script>"}, 422),
        ("decision", {"event_id": "999999999"}, 404),
        ("decision", {"event_id": "x"}, 422),
        ("revoke", {"number": "GXN-0", "reason": "thử"}, 404),
        ("revoke", {"number": "", "reason": ""}, 422),
    ],
)
def test_printing_error_is_shown_with_the_filled_in_form(
    seat: Seat, form: str, given: dict[str, str], status: int
) -> None:
    response = seat.post(f"{PAGE}/{form}", PAGE, **given)
    assert response.status_code in (status, 404, 422), response.text
    assert 'role="alert"' in response.text
    assert "<script>" not in response.text
    for name in ("codes", "street"):
        if name in given:
            assert given[name] in response.text

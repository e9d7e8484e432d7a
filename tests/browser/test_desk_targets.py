"""Targets, keys, webhooks and service areas in a real browser, by their users."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from registry.core.settings import Settings
from tests.support.browser import Visit, chromium
from tests.support.keys import Office
from tests.support.keys import office as open_office
from tests.support.lifecycle import COMMUNE
from tests.support.oidc import Provider
from tests.support.oidc import provider as open_provider
from tests.support.serving import served

pytestmark = pytest.mark.skipif(chromium() is None, reason="needs Chromium; bin/test installs it")


@pytest.fixture(scope="module")
def issuer() -> Iterator[Provider]:
    with open_provider() as made:
        yield made


@pytest.fixture(scope="module")
def office(admin_url: str, worker_id: str, issuer: Provider) -> Iterator[Office]:
    account = Settings(limits=False, oidc_issuer=issuer.issuer, oidc_client_id="dia-chi-so")
    with open_office(admin_url, f"targetpages_{worker_id}", account) as made:
        yield made


@pytest.fixture(scope="module")
def url(office: Office) -> Iterator[str]:
    with served(office.app) as found:
        yield found


@pytest.fixture(scope="module")
def window(issuer: Provider) -> dict[str, Any]:
    return {"also": (issuer.issuer,), "accept_downloads": True}


def test_viewer_searches_compares_and_downloads_the_report(office: Office, visit: Visit) -> None:
    width = visit.page.viewport_size
    key = office.key(f"Sở Xây dựng {width}", "viewer", units=("01",))
    page = visit.enter(key.secret, "/desk/targets")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Thành phố Hà Nội")
    expect(page.get_by_text("Kê khai tổng số hộ của")).to_have_count(0)
    assert visit.is_sound()
    page.get_by_label("Tên hoặc mã").fill("phuong lang")
    page.get_by_role("button", name="Lọc").click()
    expect(page.get_by_role("checkbox")).to_have_count(1)
    page.get_by_role("link", name="Xem lại tất cả").click()
    for name in ("Phường Láng", "Phường Ba Đình"):
        page.get_by_label(f"Chọn {name}", exact=True).check()
    page.get_by_role("button", name="So sánh các đơn vị đã chọn").click()
    expect(page.get_by_text("Các đơn vị đã chọn", exact=True)).to_be_visible()
    assert visit.is_sound()
    with page.expect_download() as taken:
        page.get_by_role("link", name="Độ phủ, Excel").click()
    assert taken.value.suggested_filename.startswith("do-phu-01-")
    page.get_by_role("link", name="Thay đổi giữa hai ngày").click()
    page.get_by_label("Từ ngày").fill("hôm qua")
    visit.allowed = ("422",)
    page.get_by_role("button", name="So sánh").click()
    expect(page.get_by_role("alert")).to_contain_text("31/12/2026")
    assert visit.is_sound()


def test_approver_declares_targets_by_form_and_file(office: Office, visit: Visit) -> None:
    width = visit.page.viewport_size
    key = office.key(f"UBND phường Láng {width}", "approver")
    page = visit.enter(key.secret, "/desk/targets")
    page.get_by_text("Kê khai tổng số hộ của").click()
    page.get_by_label("Tổng số hộ", exact=True).fill("20.100")
    assert visit.is_sound()
    page.get_by_role("button", name="Kê khai", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("Đã ghi")
    page.get_by_text("Kê khai bằng tệp").click()
    table = f"mã xã,số hộ\n{COMMUNE},20.200\n26743,5\n"
    page.get_by_label("Tệp", exact=True).set_input_files(
        {"name": "<số hộ>.csv", "mimeType": "text/csv", "buffer": table.encode()}
    )
    assert visit.is_sound()
    page.get_by_role("button", name="Chạy thử").click()
    expect(page.get_by_text("ngoài địa bàn")).to_be_visible()
    assert visit.is_sound()
    page.get_by_role("button", name="Ghi 1 số").click()
    expect(page.get_by_role("status")).to_contain_text("1 bị loại")
    expect(page.get_by_text("20.200").first).to_be_visible()


def test_carrier_adds_a_receiver(office: Office, visit: Visit) -> None:
    key = office.key(f"Hãng {visit.page.viewport_size}", "carrier")
    page = visit.enter(key.secret, "/desk/webhooks")
    page.get_by_text("Đăng ký nơi nhận").click()
    address = page.get_by_label("Địa chỉ nhận")
    address.fill("http://giaohang.vn/mot-duong-dan-rat-dai-khong-co-cho-ngat-nao-ca")
    page.get_by_label("Mã xã, phường, tỉnh").fill(COMMUNE)
    page.get_by_label("tách thành nhiều mã").check()
    assert visit.is_sound()
    visit.allowed = ("422",)
    page.get_by_role("button", name="Đăng ký").click()
    expect(page.get_by_role("alert")).to_contain_text("https")
    expect(page.get_by_label("tách thành nhiều mã")).to_be_checked()
    address.fill("https://giaohang.vn/mot-duong-dan-rat-dai-khong-co-cho-ngat-nao-ca")
    page.get_by_role("button", name="Đăng ký").click()
    expect(page.locator(".secret")).to_contain_text("whsec_")
    assert visit.is_sound()
    page.get_by_role("link", name="Đã chép").click()
    expect(page.get_by_text("Phường Láng")).to_be_visible()
    assert visit.is_sound()
    page.get_by_role("button", name="Tạm dừng").click()
    expect(page.get_by_text("tạm dừng", exact=True)).to_be_visible()
    visit.open("/desk/webhooks")
    assert visit.is_sound()


def test_administrator_signs_in_by_account_and_makes_a_key(
    office: Office, issuer: Provider, visit: Visit
) -> None:
    name = f"UBND phường Ngọc Hà {visit.page.viewport_size}"
    issuer.knows("an", name="Lê Thị An", diachiso_role="admin", diachiso_units="VN")
    # The provider's own page asks elsewhere for its style.
    visit.allowed = ("cdn.jsdelivr.net", "ERR_FAILED")
    page = visit.open("/desk/keys")
    assert visit.is_sound()
    page.get_by_role("link", name="Đăng nhập bằng tài khoản").click()
    page.locator('input[name="sub"]').fill("an")
    page.locator("button", has_text="Authorize").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Khoá và tài khoản")
    expect(page.get_by_text("Lê Thị An")).to_be_visible()
    page.get_by_text("Cấp khoá mới").click()
    page.get_by_label("Tên cơ quan hoặc chương trình").fill(name)
    page.get_by_label("Mã xã, phường, tỉnh").fill(COMMUNE)
    assert visit.is_sound()
    page.get_by_role("button", name="Cấp khoá").click()
    expect(page.locator(".secret")).to_contain_text("dcs_")
    assert visit.is_sound()
    page.get_by_role("link", name="về danh sách").click()
    page.get_by_role("link", name=name).click()
    assert visit.is_sound()
    page.get_by_text("Thu hồi", exact=True).click()
    page.get_by_role("button", name="Thu hồi").click()
    expect(page.locator(".facts")).to_contain_text("đã thu hồi")
    visit.open("/desk/audit")
    expect(page.get_by_text(f"keys revoke: {name}")).to_be_visible()
    assert visit.is_sound()
    page.get_by_role("button", name="Đăng xuất").click()
    expect(page.get_by_role("link", name="Đăng xuất cả tài khoản")).to_be_visible()
    expect(page.get_by_text("Lê Thị An")).to_have_count(0)


def test_carrier_dry_runs_and_writes_its_service_areas(office: Office, visit: Visit) -> None:
    key = office.key(f"Giao Hàng Nhanh {visit.page.viewport_size}", "carrier")
    page = visit.enter(key.secret, "/desk/services")
    table = f"service,kind,office,communes\nNhanh,giao,Một,{COMMUNE}\n" + (
        f"Nhanh,giao,Hai,{COMMUNE}\nNhanh,bay,Ba,{COMMUNE}\n"
    )
    page.get_by_label("Tệp CSV").set_input_files(
        {"name": "vùng.csv", "mimeType": "text/csv", "buffer": table.encode()}
    )
    assert visit.is_sound()
    page.get_by_role("button", name="Chạy thử").click()
    expect(page.get_by_text("bị loại", exact=True)).to_be_visible()
    assert visit.is_sound()
    page.get_by_role("button", name="Ghi: thay toàn bộ").click()
    expect(page.get_by_role("status")).to_contain_text("2 vùng mới")
    expect(page.get_by_role("region", name="Vùng chồng nhau")).to_contain_text("Phường Láng")
    page.get_by_label("Xã, phường hoặc tỉnh: mã hay tên").fill("26743")
    page.get_by_role("button", name="Đếm").click()
    expect(page.get_by_text("cũng có hãng phục vụ")).to_be_visible()
    assert visit.is_sound()

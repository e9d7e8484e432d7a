"""The plugin for WooCommerce in the distribution's WordPress, against a real register.

The distribution does not package WooCommerce: its published interface replaces it
(plugins/woocommerce/tests/woocommerce.php).
"""

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from registry.access.keys import NewKey, create_key
from registry.core.database import session_scope
from registry.core.settings import ROOT
from tests.clients import wordpress
from tests.support.browser import Visit, browsing, chromium, visiting
from tests.support.search_world import search_world
from tests.support.serving import serving_here

DOOR = "27 Phố Láng, Phường Láng, Thành phố Hà Nội"
PROVIDER = "wc.addressAutocomplete.providers['dia-chi-so']"
needs_wordpress = pytest.mark.skipif(
    bool(wordpress.missing()),
    reason=f"needs {wordpress.missing()} of Debian; bin/test --all installs them",
)


@pytest.fixture(scope="module")
def shop() -> Iterator[wordpress.Shop]:
    with wordpress.shop() as made:
        yield made
        assert "dia-chi-so" not in made.log, made.log


@dataclass(frozen=True)
class Register:
    """A server, a key of a shop, and the code of a door."""

    url: str
    key: str
    code: str


@pytest.fixture(scope="module")
def register(admin_url: str, worker_id: str) -> Iterator[Register]:
    with search_world(admin_url, f"woo_{worker_id}") as world, serving_here(world.url) as url:
        with session_scope(world.engine) as session:
            key = create_key(session, NewKey("shop", "merchant", ()))
        yield Register(url, key.secret, world.codes["27 Láng"])


@pytest.mark.gate
def test_same_files_give_the_same_zip(tmp_path: Path) -> None:
    first, second = (wordpress.build(tmp_path / name).read_bytes() for name in "ab")
    assert first == second


@needs_wordpress
def test_phpunit_passes(shop: wordpress.Shop, register: Register) -> None:
    done = subprocess.run(
        ["phpunit", "--fail-on-warning", "--bootstrap", "bootstrap.php", "PluginTest.php"],
        cwd=ROOT / "plugins" / "woocommerce" / "tests",
        env=os.environ
        | {"WORDPRESS": str(shop.folder), "REGISTER": register.url, "CODE": register.code},
        capture_output=True,
        text=True,
    )
    # A WordPress that cannot start ends PHP with 0.
    assert "OK (" in done.stdout, done.stdout + done.stderr


@needs_wordpress
@pytest.mark.skipif(chromium() is None, reason="needs Chromium; bin/test installs it")
def test_owner_configures_the_plugin_and_a_guest_completes_an_address(
    shop: wordpress.Shop, register: Register
) -> None:
    with browsing() as browser:
        with visiting(browser, shop.url, "desktop") as visit:
            _sign_in(visit)
            page = visit.open("/wp-admin/admin.php?page=dia-chi-so")
            _save(page, {"Địa chỉ của sổ": register.url, "Khoá": "dcs_wrong"})
            expect(page.locator(".notice-error")).to_contain_text("khoá không đủ")
            _save(page, {"Khoá": register.key})
            expect(page.get_by_text("Sổ trả lời tốt.")).to_be_visible()
            expect(page.get_by_text("Đã lưu khoá")).to_be_visible()
            assert register.key not in page.content()
        with visiting(browser, shop.url, "phone") as visit:
            page = visit.open("/?checkout=1")
            assert register.key not in page.content()
            assert register.url not in page.content()
            assert page.evaluate(f"['VN', 'FR'].map({PROVIDER}.canSearch)") == [True, False]
            lines = page.evaluate(f"{PROVIDER}.search('27 lang', 'VN', 'billing')")
            assert {"id": register.code, "label": DOOR} in lines
            fields = page.evaluate(f"{PROVIDER}.select('{register.code}')")
            assert (fields["address_1"], fields["country"]) == ("27 Phố Láng", "VN")
            assert visit.complaints() == []
            visit.context.set_offline(True)
            assert page.evaluate(f"{PROVIDER}.search('27 lang', 'VN', 'billing')") == []
            assert page.evaluate(f"{PROVIDER}.select('{register.code}')") is None


def _sign_in(visit: Visit) -> None:
    page = visit.open("/wp-login.php")
    name, password = wordpress.ADMIN
    page.locator("#user_login").fill(name)
    page.locator("#user_pass").fill(password)
    page.locator("#wp-submit").click()
    page.wait_for_url("**/wp-admin/**")


def _save(page: Page, fields: dict[str, str]) -> None:
    for label, value in fields.items():
        page.get_by_label(label, exact=True).fill(value)
    page.locator("#submit").click()
    page.wait_for_url("**settings-updated=true**")


@needs_wordpress
def test_stranger_cannot_use_the_shops_key(shop: wordpress.Shop) -> None:
    route = f"{shop.url}/?rest_route=/dia-chi-so/v1/suggestions"
    for headers, status in (({}, 401), ({"X-WP-Nonce": "forged"}, 403)):
        assert httpx.post(route, json={"q": "27 lang"}, headers=headers).status_code == status
    page = httpx.get(f"{shop.url}/wp-admin/admin.php?page=dia-chi-so")
    assert "wp-login.php" in page.headers["location"]

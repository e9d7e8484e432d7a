"""The packages for npm, packed and bundled into a shop by Vite, in a browser."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from playwright.sync_api import expect

from clients import generate
from tests.browser.test_shop import Quiet, register_url
from tests.clients.test_generated import needs_node, run
from tests.support.browser import Visit, chromium

__all__ = ["register_url"]

pytestmark = [
    needs_node,
    pytest.mark.skipif(chromium() is None, reason="needs Chromium; bin/test installs it"),
]
EXAMPLE = generate.CLIENTS / "js" / "examples" / "shop"


def packed(source: Path, folder: Path) -> set[str]:
    """Install what `npm pack` makes of a package below a folder; its files."""
    (name,) = run("npm", "pack", "--silent", "--pack-destination", folder, cwd=source).split()
    target = folder / "node_modules" / "@diachiso" / source.name
    target.mkdir(parents=True)
    subprocess.run(["tar", "-xzf", folder / name, "-C", target, "--strip-components=1"], check=True)
    return {path.name for path in target.iterdir()}


@pytest.fixture(scope="module")
def bundle(register_url: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example with both packages in it, checked and built."""
    folder = tmp_path_factory.mktemp("npm")
    sources = {"input": generate.CLIENTS / "web", "client": generate.CLIENTS / "js"}
    # Of the tools alone; the packages below are nearer.
    (folder / "node_modules").symlink_to(generate.NODE_MODULES)
    shop = folder / "shop"
    shutil.copytree(EXAMPLE, shop)
    for name, source in sources.items():
        made = folder / name
        ignored = shutil.ignore_patterns("node_modules", "examples")
        shutil.copytree(source, made, ignore=ignored)
    description = folder / "openapi.json"
    description.write_text(json.dumps(generate.describe()), encoding="utf-8")
    generate.web_types(description, folder / "client")
    assert packed(folder / "input", shop) >= {"dia-chi-input.js", "dia-chi-input.d.ts"}
    assert packed(folder / "client", shop) >= {"index.js", "index.d.ts", "api.d.ts"}
    tools = generate.NODE_MODULES
    run(
        *("node", tools / "typescript" / "bin" / "tsc", "--noEmit", "--strict"),
        *("--noPropertyAccessFromIndexSignature", "--target", "es2022", "--module", "esnext"),
        *("--moduleResolution", "bundler", "--skipDefaultLibCheck", "main.ts"),
        cwd=shop,
    )
    (shop / ".env").write_text(f"VITE_REGISTER={register_url}\n")
    run("node", tools / "vite" / "bin" / "vite.js", "build", "--logLevel", "warn", cwd=shop)
    return shop / "dist"


@pytest.fixture(scope="module")
def url(bundle: Path, register_url: str) -> Iterator[str]:
    kind = type("Shop", (Quiet,), {"register": f"'self' {register_url}"})
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(kind, directory=str(bundle))) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.fixture(scope="module")
def window(register_url: str) -> dict[str, Any]:
    return {"also": (register_url,), "allowed": ("favicon", "404")}


def test_bundled_field_and_client_show_the_delivery_address(visit: Visit) -> None:
    page = visit.open("/")
    field = page.get_by_role("combobox", name="Địa chỉ giao hàng")
    field.press_sequentially("82/10/2 Lê Thị Hồng Gấm, Nhiêu Lộc, HCM")
    field.press("Tab")
    expect(page.locator("output")).to_contain_text("82/10/2 Đường Lê Thị Hồng Gấm")

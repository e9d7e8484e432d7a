"""Texts of page scripts: collected, translated, and served beside them."""

import json
import re
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_file
from flask.testing import FlaskClient

from api.pages.assets import script_urls, texts_of_scripts, words_names
from registry.core.messages import translate
from registry.core.settings import ROOT, Settings
from tests.support.units import open_app

NOWHERE = "postgresql://nobody@127.0.0.1:1/nothing"
SCRIPTS = sorted((ROOT / "api/pages/static").glob("*.js"))
PLACEHOLDER = re.compile(r"\{(\w+)(:n)?\}")


@pytest.fixture(scope="module")
def client() -> FlaskClient:
    """Of pages that need no register."""
    with open_app(NOWHERE, settings=Settings(limits=False)) as app:
        return app.test_client()


def collected(path: Path) -> set[str]:
    found = extract_from_file("javascript", path, keywords={"_": None})
    return {text for _, text, *_ in found if isinstance(text, str)}


def test_script_texts_match_the_catalogue() -> None:
    assert set(texts_of_scripts()) == set().union(*map(collected, SCRIPTS))


def test_every_parameter_of_a_text_is_passed_by_its_call() -> None:
    calls = re.compile(r"(?<![\w.$])_\('([^']+)'(?:, \{ (.*?) \}\))?")
    for path in SCRIPTS:
        for text, given in calls.findall(path.read_text(encoding="utf-8")):
            names = {name for name, _ in PLACEHOLDER.findall(text)}
            assert all(re.search(rf"\b{name}\b", given) for name in names), (path.name, text)


def test_translations_are_immutable_and_loaded_before_the_script(client: FlaskClient) -> None:
    assert words_names() == ["words-vi.js"]
    url, script = script_urls("field.js", "vi")
    answer = client.get(url)
    assert "immutable" in answer.headers["Cache-Control"]
    assert answer.mimetype == "text/javascript"
    entries = re.search(r"learn\((\{.*\})\);", answer.text)
    assert entries
    answered = json.loads(entries[1])
    assert answered == {text: translate(text, "vi") for text in texts_of_scripts()}
    assert answered["Delivered"] == "Đã phát"
    for language, wanted in (("vi", [url, script]), ("en", [script])):
        client.set_cookie("lang", language)
        page = client.get("/field").text
        assert re.findall(r'<script type="module" src="([^"]+)">', page) == wanted


def test_translations_are_cached_for_offline_use(client: FlaskClient) -> None:
    worker = client.get("/kept.js").text
    assert all(f"'{url}'" in worker for url in script_urls("field.js", "vi"))
    old = re.search(r"const OLD = (\{.*?\});", worker)
    assert old
    answer = json.loads(old[1])
    assert answer["vi"].startswith("Không có mạng")
    assert answer["en"].startswith("No network")
    assert all("{when}" in text for text in answer.values())

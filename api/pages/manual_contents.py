"""Table of contents of docs/ by audience, and full-text search."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from markupsafe import Markup, escape

from api.pages.manual import FOLDERS, ManualPage, Section, manual_page, names
from geo.text import fold
from registry.core.messages import N_

MAX_QUERY: Final = 200
"""Most characters of a query."""
_MAX_FOUND: Final = 20
_AROUND: Final = 14
"""Words of the excerpt around a match."""
_WORD: Final = re.compile(r"\w+")

VIETNAMESE: Final = frozenset(
    {"office", "desk", "field", "paper", "carrier", "routes", "services", "shop"}
)
"""Pages in Vietnamese; the rest is in English."""
_LANGUAGES: Final = {"vi": "tiếng Việt", "en": "English"}
GROUPS: Final = (
    (N_("For commune offices"), ("office", "desk", "field", "paper")),
    (
        N_("For carriers and shops"),
        ("carrier", "routes", "services", "shop"),
    ),
    (
        N_("For developers"),
        (
            *("api", "reference/api", "codes", "changes", "feed", "pack"),
            *("matching", "reference/faults", "import", "problems", "reference/tables"),
            *("lifecycle", "reference/operations", "reforms", "coverage", "glossary"),
        ),
    ),
    (
        N_("For operators"),
        (
            *(
                "install",
                "container",
                "debian",
                "packages",
                "run",
                "mend",
                "reference/commands",
                "reference/settings",
            ),
            *("cluster", "privacy", "release"),
            *("architecture", "benchmarks", "decisions"),
        ),
    ),
)
OTHERS: Final = N_("Others")
_OWN_LIST: Final = "decisions/"
"""Prefix of pages with a list of their own."""


@dataclass(frozen=True, slots=True)
class Found:
    """A section that contains every word."""

    page: ManualPage
    section: Section
    excerpt: Markup


def language_of(name: str) -> str:
    """Return the language of a page."""
    return "vi" if name in VIETNAMESE else "en"


def language_label(name: str) -> str:
    """The name of that language, in itself."""
    return _LANGUAGES[language_of(name)]


def contents() -> Iterator[tuple[str, list[ManualPage]]]:
    """Yield the groups with their pages; pages without a group are in the last."""
    grouped = {name for _, members in GROUPS for name in members}
    others = [name for name in names() if name not in grouped and not name.startswith(_OWN_LIST)]
    for title, members in (*GROUPS, (OTHERS, others)):
        if pages := [page for page in map(manual_page, members) if page is not None]:
            yield title, pages


def search(asked: str) -> list[Found]:
    """Sections that have every word, with or without its marks: of guides, then of the reference,
    then of decisions, the best first.
    """
    wanted = [
        re.compile(rf"\b{re.escape(word)}") for word in _WORD.findall(fold(asked[:MAX_QUERY]))
    ]
    if not wanted:
        return []
    found = [
        (score, page, section)
        for page, section, heading, text in _index()
        if (score := _score(wanted, fold(page.title), heading, text))
    ]
    found.sort(key=lambda each: (_rank(each[1].name), -each[0]))
    return [
        Found(page, section, _excerpt(section.text, wanted))
        for _, page, section in found[:_MAX_FOUND]
    ]


@lru_cache(maxsize=1)
def _index() -> list[tuple[ManualPage, Section, str, str]]:
    return [
        (page, section, fold(section.heading), fold(section.text))
        for page in map(manual_page, names())
        if page is not None
        for section in page.sections
    ]


def _rank(name: str) -> int:
    folder = f"{name.partition('/')[0]}/"
    return FOLDERS.index(folder) if folder in FOLDERS else 0


def _score(wanted: list[re.Pattern[str]], title: str, heading: str, text: str) -> int:
    """Return the score; 0 if a word is missing. A heading counts as eight matches in the text."""
    score = 0
    for word in wanted:
        of_word = 8 * bool(word.search(heading)) + min(5, len(word.findall(text)))
        if not of_word:
            return 0
        score += of_word + 3 * bool(word.search(title))
    return score


def _excerpt(text: str, wanted: list[re.Pattern[str]]) -> Markup:
    """Return the words around the first match, with matches marked."""
    words = text.split()
    hits = [any(word.search(fold(each)) for word in wanted) for each in words]
    first = hits.index(True) if True in hits else 0
    start, end = max(0, first - _AROUND), first + 2 * _AROUND
    shown = [
        Markup("<mark>{}</mark>").format(each) if hit else escape(each)
        for each, hit in zip(words[start:end], hits[start:end], strict=True)
    ]
    before, behind = "… " if start else "", " …" if end < len(words) else ""
    return escape(before) + Markup(" ").join(shown) + escape(behind)

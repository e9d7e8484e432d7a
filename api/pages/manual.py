"""The pages of docs/ as HTML: what a forge shows of them, with links that work here as well.

They are read when first asked for, and kept: a release brings them along. No script, no style and
no HTML of theirs reaches the page.
"""

import posixpath
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markupsafe import Markup, escape

from registry.core.settings import SHARE

DOCS: Final = SHARE / "docs"
ELSEWHERE: Final = "http://127.0.0.1:8000"
"""The server of the examples, in whose place this one is named."""
FOLDERS: Final = ("", "reference/", "decisions/")
"""Guides, what is generated, and decisions, as a search ranks them."""
_IMAGES: Final = "img"
_ASKED: Final = re.compile(rf"\$ curl '{re.escape(ELSEWHERE)}(/[^']*)'\n[^$]*")
"""An example that a link can ask."""
_NO_SLUG: Final = re.compile(r"[^\w\- ]")


@dataclass(frozen=True, slots=True)
class Section:
    """What stands below one heading."""

    anchor: str
    heading: str
    level: int
    text: str


@dataclass(frozen=True, slots=True)
class ManualPage:
    """One page."""

    name: str
    title: str
    body: Markup
    """Without its title; in the examples the server is `ELSEWHERE`."""
    sections: tuple[Section, ...]

    def body_of(self, site: str) -> Markup:
        """The body, whose examples ask `site`."""
        return Markup(self.body.replace(ELSEWHERE, escape(site)))  # noqa: S704 - ours, escaped


@lru_cache(maxsize=1)
def names() -> tuple[str, ...]:
    """Every page, as its address names it; `decisions` is the list of them."""
    found = [
        f"{folder}{path.stem}"
        for folder in FOLDERS
        for path in sorted((DOCS / folder).glob("*.md"))
    ]
    return tuple(name.removesuffix("/README") for name in found)


@lru_cache(maxsize=1)
def images() -> dict[str, Path]:
    """Name → file of every picture: no path leads out of the folder."""
    return {path.name: path for path in (DOCS / _IMAGES).iterdir()}


def source_of(name: str) -> str | None:
    """A page as it is written; None for none of ours."""
    if name not in names():
        return None
    return _path(name).read_text(encoding="utf-8")


@lru_cache(maxsize=200)
def manual_page(name: str) -> ManualPage | None:
    """A page; None for none of ours."""
    source = source_of(name)
    if source is None:
        return None
    markdown = MarkdownIt("commonmark", renderer_cls=_Renderer).enable("table")
    tokens = markdown.parse(source)
    _name_headings(tokens)
    _lead_links(tokens, posixpath.dirname(_path(name).relative_to(DOCS).as_posix()))
    sections = tuple(_sections(tokens))
    return ManualPage(
        name,
        sections[0].heading,
        # The renderer escapes every text, and writes no HTML of the page's own.
        Markup(markdown.renderer.render(tokens[3:], markdown.options, {})),  # noqa: S704
        sections,
    )


def _path(name: str) -> Path:
    path = DOCS / f"{name}.md"
    return path if path.is_file() else DOCS / name / "README.md"


def _name_headings(tokens: Sequence[Token]) -> None:
    """Give each heading the anchor that a forge gives it."""
    taken: dict[str, int] = {}
    for at, token in enumerate(tokens):
        if token.type == "heading_open":
            slug = _NO_SLUG.sub("", _plain(tokens[at + 1]).lower()).replace(" ", "-")
            times = taken[slug] = taken.get(slug, -1) + 1
            token.attrs["id"] = f"{slug}-{times}" if times else slug


def _lead_links(tokens: Sequence[Token], folder: str) -> None:
    """Lead links and pictures to where they are here, and name by a class the cells of numbers."""
    for token in tokens:
        if token.attrs.pop("style", None) == "text-align:right":
            token.attrs["class"] = "number"
        opened = None
        for child in token.children or ():
            if child.type == "link_open":
                opened = _address(str(child.attrs["href"]), folder)
                child.tag, child.attrs = ("a", {"href": opened}) if opened else ("span", {})
            elif child.type == "link_close" and opened is None:
                child.tag = "span"
            elif child.type == "image":
                child.attrs["src"] = _address(str(child.attrs["src"]), folder) or ""
                child.attrs["loading"] = "lazy"


def _sections(tokens: Sequence[Token]) -> Iterator[Section]:
    anchor, heading, level = "", "", 0
    texts: list[str] = []
    for at, token in enumerate(tokens):
        if token.type == "heading_open":
            if heading:
                yield Section(anchor, heading, level, "\n".join(texts))
            anchor, level = str(token.attrs["id"]), int(token.tag[1:])
            heading = _plain(tokens[at + 1])
            texts = []
        elif token.type == "inline" and (not at or tokens[at - 1].type != "heading_open"):
            texts.append(_plain(token))
        elif token.type in ("fence", "code_block"):
            texts.append(token.content)
    yield Section(anchor, heading, level, "\n".join(texts))


def _plain(inline: Token) -> str:
    """What is read of a line: its text and code, without marks."""
    return "".join(
        " " if child.type in ("softbreak", "hardbreak") else child.content
        for child in inline.children or ()
    )


class _Renderer(RendererHTML):
    """Renders as the strict policy of our pages wants it."""

    def html_block(self, *_: Any) -> str:
        """Nothing: what stands there are marks of what is generated."""
        return ""

    def html_inline(self, *_: Any) -> str:
        """The same."""
        return ""

    def fence(self, tokens: Sequence[Token], idx: int, *_: Any) -> str:
        """Code that a keyboard can scroll; an example that a link can ask has that link."""
        text = tokens[idx].content
        shown = f'<pre tabindex="0"><code>{escape(text)}</code></pre>\n'
        if asked := _ASKED.fullmatch(text):
            shown += (
                f'<p class="ask-live"><a href="{escape(asked[1])}">'
                "Hỏi máy chủ này (ask this server)</a></p>\n"
            )
        return shown

    def table_open(self, *_: Any) -> str:
        """A table that scrolls by itself where it is wider than the page."""
        return '<div class="scroll" tabindex="0"><table>\n'

    def table_close(self, *_: Any) -> str:
        """Its end."""
        return "</table></div>\n"


def _address(written: str, folder: str) -> str | None:
    """Where a link of a page in `folder` leads here; None for a file that is served nowhere."""
    path, mark, anchor = written.partition("#")
    if ":" in path or not path:
        return written
    inside = posixpath.normpath(posixpath.join(folder, path))
    if inside.startswith(".."):
        return None
    name = inside.removesuffix(".md").removesuffix("/README")
    return f"/docs/{name}{mark}{anchor}"

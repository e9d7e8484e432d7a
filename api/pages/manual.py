"""The pages of docs/ as HTML, as code forges render them, with links adapted to this site.

They are read on the first request and cached, since they are part of the release. Scripts, styles
and raw HTML in them are dropped.

Rejected: MkDocs, which needs a build, forty packages, and inline scripts that our CSP forbids.
markdown-it-py takes 35 ms for the longest page. Mermaid appears as source: its library is 3 MB.
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
"""The server in the examples, replaced by this one."""
FOLDERS: Final = ("", "reference/", "decisions/")
"""Guides, what is generated, and decisions, as a search ranks them."""
_IMAGES: Final = "img"
_OUTWARD: Final = re.compile(r"\]\((\.\./[^)#]+)")
"""A link to a file outside the folder of the page."""
_NO_SLUG: Final = re.compile(r"[^\w\- ]")


@dataclass(frozen=True, slots=True)
class Section:
    """The content below one heading."""

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
    """Without its title; examples use the server `ELSEWHERE`."""
    sections: tuple[Section, ...]

    def body_of(self, site: str) -> Markup:
        """Return the body with examples for `site`."""
        return Markup(self.body.replace(ELSEWHERE, escape(site)))  # noqa: S704 - ours, escaped


@lru_cache(maxsize=1)
def names() -> tuple[str, ...]:
    """Return the names of all pages; `decisions` is the list of decisions."""
    found = [
        f"{folder}{path.stem}"
        for folder in FOLDERS
        for path in sorted((DOCS / folder).glob("*.md"))
    ]
    return tuple(name.removesuffix("/README") for name in found)


@lru_cache(maxsize=1)
def images() -> dict[str, Path]:
    """Return name → file of every image, so no path leads out of the folder."""
    return {path.name: path for path in (DOCS / _IMAGES).iterdir()}


@lru_cache(maxsize=1)
def linked_files() -> dict[str, Path]:
    """Return path → file of all outside docs/ to which pages link, if they are installed here."""
    pages = map(_path, names())
    linked = (
        (page.parent, at) for page in pages for at in _OUTWARD.findall(page.read_text("utf-8"))
    )
    files = {(folder / at).resolve() for folder, at in linked}
    share, docs = SHARE.resolve(), DOCS.resolve()
    return {
        file.relative_to(share).as_posix(): file
        for file in files
        if file.is_relative_to(share) and not file.is_relative_to(docs) and file.is_file()
    }


def source_of(name: str) -> str | None:
    """Return the Markdown source of a page; None for an unknown one."""
    if name not in names():
        return None
    return _path(name).read_text(encoding="utf-8")


@lru_cache(maxsize=200)
def manual_page(name: str) -> ManualPage | None:
    """Return a page; None for an unknown one."""
    source = source_of(name)
    if source is None:
        return None
    markdown = MarkdownIt("commonmark", renderer_cls=_Renderer).enable("table")
    tokens = markdown.parse(source)
    _name_headings(tokens)
    _resolve_links(tokens, posixpath.dirname(_path(name).relative_to(DOCS).as_posix()))
    sections = tuple(_sections(tokens))
    return ManualPage(
        name,
        sections[0].heading,
        # The renderer escapes all texts, and drops HTML of the page.
        Markup(markdown.renderer.render(tokens[3:], markdown.options, {})),  # noqa: S704
        sections,
    )


def _path(name: str) -> Path:
    path = DOCS / f"{name}.md"
    return path if path.is_file() else DOCS / name / "README.md"


def _name_headings(tokens: Sequence[Token]) -> None:
    """Give each heading the same anchor as code forges."""
    taken: dict[str, int] = {}
    for at, token in enumerate(tokens):
        if token.type == "heading_open":
            slug = _NO_SLUG.sub("", _plain(tokens[at + 1]).lower()).replace(" ", "-")
            times = taken[slug] = taken.get(slug, -1) + 1
            token.attrs["id"] = f"{slug}-{times}" if times else slug


def _resolve_links(tokens: Sequence[Token], folder: str) -> None:
    """Point links and images to this site, and mark cells of numbers by a class."""
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
    """Return text and code of a line without markup."""
    return "".join(
        " " if child.type in ("softbreak", "hardbreak") else child.content
        for child in inline.children or ()
    )


class _Renderer(RendererHTML):
    """Renders HTML that fits the strict policy of our pages."""

    def html_block(self, *_: Any) -> str:
        """Drop HTML: it only marks generated parts."""
        return ""

    def html_inline(self, *_: Any) -> str:
        """Drop HTML."""
        return ""

    def fence(self, tokens: Sequence[Token], idx: int, *_: Any) -> str:
        """Render code scrollable by keyboard."""
        return f'<pre tabindex="0"><code>{escape(tokens[idx].content)}</code></pre>\n'

    def table_open(self, *_: Any) -> str:
        """Open a table that scrolls if it is wider than the page."""
        return '<div class="scroll" tabindex="0"><table>\n'

    def table_close(self, *_: Any) -> str:
        """Close the table."""
        return "</table></div>\n"


def _address(written: str, folder: str) -> str | None:
    """Return the target of a link in a page of `folder`; None for a file that is not installed."""
    path, mark, anchor = written.partition("#")
    if ":" in path or not path:
        return written
    inside = posixpath.normpath(posixpath.join(folder, path))
    if inside.startswith("../"):
        file = inside.removeprefix("../")
        return f"/docs/files/{file}" if file in linked_files() else None
    name = inside.removesuffix(".md").removesuffix("/README")
    return f"/docs/{name}{mark}{anchor}"

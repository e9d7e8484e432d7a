"""`diachiso follow`: keep a copy of a register by its change feed.

An example for readers, with `scripts.follow_copy`: the two depend on nothing of this project but
the feed itself (docs/feed.md).
"""

import gzip
import hashlib
import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Annotated, Final
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import click

from registry.core.messages import Message, _
from scripts.command import command
from scripts.follow_copy import Copy, Entry
from scripts.options import EXISTING_FOLDER, FOLDER
from scripts.progress import say

LIMIT: Final = 5_000
LONGEST_WAIT_S: Final = 60.0
TIMEOUT_S: Final = 120.0


def load_snapshot(copy: Copy, folder: Path, unit: str | None, *, demo: bool) -> None:
    """Load what `diachiso export` wrote, all of it or nothing."""
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        if (manifest["unit"], manifest["demo"]) != (unit, demo):
            raise click.UsageError(str(Message("copy_of_other_scope", folder=folder)))
        for file in manifest["files"]:
            with (folder / file["name"]).open("rb") as packed:
                if hashlib.file_digest(packed, "sha256").hexdigest() != file["sha256"]:
                    raise click.ClickException(f"{folder / file['name']} is not as it was written")
        names = [folder / file["name"] for file in manifest["files"]]
        copy.apply((e for name in names for e in lines_of(name)), manifest["cursor"])
    except (OSError, KeyError, ValueError) as error:
        raise click.ClickException(f"{folder}: this is no snapshot ({error})") from error


def lines_of(packed: Path) -> Iterator[Entry]:
    """Yield the entries of one file of a snapshot."""
    with gzip.open(packed, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def next_page(url: str, query: dict[str, str], key: str | None) -> list[Entry]:
    """Return entries, the cursor as the last of them; wait while the service is unavailable."""
    headers = {"Accept": "application/x-ndjson"}
    if key:
        headers["Authorization"] = f"Bearer {key}"
    request = Request(f"{url.rstrip('/')}/v1/changes?{urlencode(query)}", headers=headers)  # noqa: S310
    wait_s = 1.0
    while True:
        asked: str | None = None
        try:
            with urlopen(request, timeout=TIMEOUT_S) as answer:  # noqa: S310
                page = [json.loads(line) for line in answer]
            if page and page[-1]["type"] == "cursor":
                return page
            why = "the answer was cut off"
        except HTTPError as error:
            if error.code not in (429, 502, 503, 504):
                raise refused(error) from None
            why, asked = f"HTTP {error.code}", error.headers.get("Retry-After")
        except (OSError, ValueError) as error:  # no connection, or one that broke
            why = str(error)
        this_s = float(asked) if asked and asked.isdecimal() else wait_s
        say(f"{why}; trying again in {this_s:.0f} s")
        time.sleep(min(this_s, 10 * LONGEST_WAIT_S))
        wait_s = min(2 * wait_s, LONGEST_WAIT_S)


def refused(error: HTTPError) -> click.ClickException:
    """Return the service's error for a request that need not be retried."""
    try:
        problem = json.load(error)
        line = f"{problem['code']}: {problem['detail']}"
    except (ValueError, KeyError):
        line = f"HTTP {error.code}"
    if error.code == 410:
        line += "; remove the folder's copy.sqlite and start again"
    return click.ClickException(line)


@command()
def follow(
    url: str,
    folder: Annotated[Path, "DIR", FOLDER],
    *,
    once: Annotated[bool, "End when everything is read."] = False,
    every: Annotated[
        float,
        "--every SECONDS",
        click.FloatRange(min=0.1),
        "Pause between requests.",
    ] = 5.0,
    key: Annotated[str | None, "API key, or @FILE with it."] = None,
    snapshot: Annotated[
        Path | None,
        "--snapshot FOLDER",
        EXISTING_FOLDER,
        "Begin with this snapshot.",
    ] = None,
    unit: Annotated[str | None, "--unit CODE", "Only this unit."] = None,
    demo: Annotated[bool, "Include demonstration records."] = False,
) -> None:
    """Keep a copy of the register at URL in DIR/copy.sqlite."""
    if not url.startswith(("http://", "https://")):
        raise click.UsageError(str(Message("register_url_invalid", url=url)))
    if key and key.startswith("@"):
        try:
            key = Path(key[1:]).read_text(encoding="utf-8").strip()
        except (OSError, ValueError) as error:
            message = _("{path}: cannot be read ({error})", path=key[1:], error=error)
            raise click.ClickException(message) from error
    scope = {"limit": str(LIMIT), **({"unit": unit} if unit else {}), "demo": str(demo).lower()}
    try:
        opened = Copy(folder)
    except (OSError, sqlite3.Error) as error:
        message = _("{folder}: no copy can be kept there ({error})", folder=folder, error=error)
        raise click.ClickException(message) from error
    with closing(opened) as copy:
        if snapshot is not None and copy.cursor() is None:
            load_snapshot(copy, snapshot, unit, demo=demo)
        while True:
            cursor = copy.cursor()
            page = next_page(url, scope | ({"after": cursor} if cursor else {}), key)
            end = page.pop()
            if copy.apply(page, end["cursor"]):
                say(f"{len(page):,} entries")
            if not end["more"]:
                if once:
                    return
                time.sleep(every)

"""Whether two states of the program answer alike: the same questions to both, over the same data.

    python -m bench.freeze OLD_REF [NEW_REF] [--only SURFACE,SURFACE] [--every N] [--show N]

Each ref is checked out into a folder of its own and serves a register of its own, with the same
code key, demonstration and, where DIACHISO_SHARED names their folder, real addresses and
boundaries; both run with the packages that this checkout has. Without NEW_REF it is HEAD: what is
not committed is not asked. Of texts, points and codes every Nth is asked. Moments and names of
static files count as alike. Exit status 1 where anything differs.
"""

import argparse
import csv
import difflib
import http.client
import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from html import unescape
from itertools import zip_longest
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import psycopg

from registry.settings import ROOT
from tests.support.folders import open_folder
from tests.support.running import Run, clean_environment
from tests.support.vectors import read_vectors

SHARED: Final = Path(os.environ.get("DIACHISO_SHARED", "none")) / "data"
REAL: Final = ("real_addresses.csv", "public_places.csv", "charging_stations.csv")
MOST_PAGES: Final = 400
_UNLIKE: Final = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:[\d:.]+(?:Z|[+-]\d\d:?\d\d)?|/static/[0-9a-f]{12}"
)
_NO_TEXT: Final = re.compile(r"(?s)<(script|style)\b.*?</\1>|<[^>]*>")
_LINK: Final = re.compile(r'href="(/[^"?#]*)')
_NO_PAGE: Final = re.compile(r"/(static|v1|tiles|ogc|healthz|readyz|metrics|openapi|board)\b")
"""Nor what counts the questions themselves."""
_CODES: Final = "SELECT code FROM household WHERE status = 'active' ORDER BY code"

Answer = tuple[int, str, str]
"""Status, media type and text."""


@dataclass(frozen=True)
class Asked:
    """One question."""

    path: str
    body: object = None
    language: str = "vi"


@dataclass
class Side:
    """A state of the program that serves its register."""

    connection: http.client.HTTPConnection
    codes: list[str]

    def ask(self, asked: Asked) -> Answer:
        """What it answers."""
        headers = {"Host": "localhost", "Content-Type": "application/json"}
        body = json.dumps(asked.body) if asked.body else None
        headers["Cookie"] = f"lang={asked.language}"
        self.connection.request("POST" if body else "GET", asked.path, body, headers)
        answer = self.connection.getresponse()
        text = _UNLIKE.sub("…", answer.read().decode(errors="replace"))
        return answer.status, answer.headers.get_content_type(), text


@contextmanager
def serving(ref: str) -> Iterator[Side]:
    """A register with the same data as any other, served by this state of the program."""
    git = ["git", "-C", str(ROOT), "worktree"]
    with open_folder() as folder, ExitStack() as ending:
        tree, output = folder / "tree", folder / "served.txt"
        subprocess.run([*git, "add", "-q", "--detach", tree, ref], check=True)
        ending.callback(subprocess.run, [*git, "remove", "--force", tree], check=True)
        (tree / "node_modules").symlink_to(ROOT / "node_modules")
        program = [sys.executable, "-m", "scripts.main"]
        environment = clean_environment() | {"PYTHONPATH": str(tree), "PYTHONSAFEPATH": "1"}
        environment |= {"DIACHISO_VAR": str(folder / "var"), "DIACHISO_LIMITS": "off"}

        def run(*words: str | Path) -> str:
            done = subprocess.run(
                [*program, *words], cwd=tree, env=environment, capture_output=True, text=True
            )
            if done.returncode not in (0, 1):  # 1 where rows of a file were rejected
                raise SystemExit(f"{ref}: {words[0]}: {done.stderr[-2_000:]}")
            return done.stdout.strip()

        serve = [*program, "serve", "--port=0", "--workers=1", "--no-demo", "--no-worker"]
        with output.open("wb") as file:
            process = subprocess.Popen(serve, cwd=tree, env=environment, stdout=file, stderr=file)
        served = Run(process, output)
        ending.callback(served.end)
        port = int(served.url().rpartition(":")[2])
        with psycopg.connect(run("database", "url"), autocommit=True) as database:
            database.execute("SET ROLE NONE")  # the owner of the cluster, whom no trigger holds
            database.execute("SET session_replication_role = replica")
            database.execute("UPDATE code_key SET key = %s", [bytes(32)])
            run("demo", "--csv", made := folder / "made.csv")
            run("import", made, "--source", "made", "--demo-as-real")
            if SHARED.is_dir():
                run("units", "load", "--boundaries", SHARED / "commune_boundaries.geojson.gz")
                run("import", SHARED / REAL[0], "--source", "real")
            codes = [row[0] for row in database.execute(_CODES)]
        print(f"{ref}: {len(codes)} doors", flush=True)
        yield Side(http.client.HTTPConnection("127.0.0.1", port, timeout=120), codes)


def _real() -> Iterator[dict[str, str]]:
    for name in REAL if SHARED.is_dir() else ():
        with (SHARED / name).open(encoding="utf-8", newline="") as lines:
            yield from csv.DictReader(lines)


def texts(side: Side) -> list[str]:
    """What people write: vectors, real rows, and labels of doors."""
    found = [row["text"] for name in ("addresses", "codes_written") for row in read_vectors(name)]
    found += [text for row in _real() for name, text in row.items() if name.startswith("address")]
    doors = [side.ask(Asked(f"/v1/addresses/{code}")) for code in side.codes[::20]]
    found += [json.loads(text)["label"] for _, _, text in doors]
    return [text for text in dict.fromkeys(found) if text.strip()]


def _url(path: str, **parameters: object) -> Asked:
    return Asked(f"{path}?{urlencode(parameters)}")


def questions(side: Side, every: int) -> dict[str, Iterable[Asked]]:
    """Those of each surface but the pages."""
    written, codes = texts(side)[::every], side.codes[::every]
    begun = [text[: len(text) // part][:200] for text in written[::3] for part in (1, 2, 3)]
    points = [(row["longitude"], row["latitude"]) for row in _real()][::every]
    batches = {
        ("geocode", "q"): written,
        ("validate", "address"): written,
        ("lookup", "code"): codes,
    }
    return {
        "document": [Asked("/openapi.json")],
        "geocode": [Asked("/v1/geocode", {"q": text}) for text in written],
        "validate": [Asked("/v1/validate", {"address": text}) for text in written],
        "autocomplete": [_url("/v1/autocomplete", q=text) for text in begun],
        "units": [_url("/v1/units/convert", text=text) for text in written[::3]],
        "reverse": [_url("/v1/reverse", lon=lon, lat=lat, limit=5) for lon, lat in points],
        "lookup": [Asked(f"/v1/addresses/{code}") for code in codes[::20]],
        "batch": [
            Asked(f"/v1/batch/{name}", {"rows": [{column: row} for row in rows[at : at + 500]]})
            for (name, column), rows in batches.items()
            for at in range(0, len(rows), 500)
        ],
    }


def words(page: str) -> list[str]:
    """The text of a page, a line for each piece; of what is no page, its lines."""
    lines = _NO_TEXT.sub("\n", page).splitlines()
    return [" ".join(unescape(line).split()) for line in lines if line.strip()]


def differences(old: Answer, new: Answer) -> list[str]:
    """What of two answers is not alike, each as a line."""
    if old[:2] != new[:2]:
        return [f"{old[:2]} → {new[:2]}"]
    if old[1].endswith("json"):
        return list(_members(json.loads(old[2]), json.loads(new[2]), ""))
    lines = difflib.unified_diff(words(old[2]), words(new[2]), n=0, lineterm="")
    return [line for line in list(lines)[2:] if not line.startswith("@@")]


def _members(old: Any, new: Any, at: str) -> Iterator[str]:
    if isinstance(old, dict) and isinstance(new, dict):
        for name in old | new:
            yield from _members(old.get(name, "–"), new.get(name, "–"), f"{at}.{name}")
    elif isinstance(old, list) and isinstance(new, list):
        for number, (one, other) in enumerate(zip_longest(old, new, fillvalue="–")):
            yield from _members(one, other, f"{at}[{number}]")
    elif old != new:
        yield f"{at}: {json.dumps(old, ensure_ascii=False)} → {json.dumps(new, ensure_ascii=False)}"


@dataclass
class Comparison:
    """Both sides, and how many of their answers differ."""

    sides: tuple[Side, Side]
    show: int
    asked: Counter[str] = field(default_factory=Counter)
    differ: Counter[str] = field(default_factory=Counter)
    _threads: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(2))

    def ask(self, surface: str, asked: Asked) -> str:
        """The pages of both, where the answers are such."""
        old, new = self._threads.map(lambda side: side.ask(asked), self.sides)
        self.asked[surface] += 1
        if found := differences(old, new):
            self.differ[surface] += 1
            if self.differ[surface] <= self.show:
                told = [f"{surface}: {asked.path} {asked.body or asked.language}", *found[:8]]
                print(*(line[:300] for line in told), sep="\n    ", flush=True)
        return "".join(text for _, kind, text in (old, new) if kind == "text/html")

    def pages(self, every: int) -> None:
        """Pages that lead to each other, in both languages, and those of some doors."""
        to_ask = ["/", *(f"/a/{code}" for code in self.sides[0].codes[:: 200 * every])]
        for path in to_ask:  # which grows meanwhile
            for language in ("vi", "en"):
                page = self.ask("pages", Asked(path, language=language))
                links = [link for link in _LINK.findall(page) if not _NO_PAGE.match(link)]
                new = [link for link in dict.fromkeys(links) if link not in to_ask]
                to_ask += new[: MOST_PAGES - len(to_ask)]


def main() -> int:
    """1 where anything differs."""
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("old")
    parser.add_argument("new", nargs="?", default="HEAD")
    parser.add_argument("--only", type=lambda names: names.split(","))
    for name, default in (("--every", 1), ("--show", 10)):
        parser.add_argument(name, type=int, default=default)
    given = parser.parse_args()
    with serving(given.old) as old, serving(given.new) as new:
        both = Comparison((old, new), given.show)
        both.differ["codes"] = len(set(old.codes) ^ set(new.codes))
        surfaces = questions(old, given.every)
        for name in given.only or [*surfaces, "pages"]:
            for asked in surfaces.get(name, ()):
                both.ask(name, asked)
            if name == "pages":
                both.pages(given.every)
            print(f"{name}: {both.asked[name]} asked, {both.differ[name]} differ", flush=True)
    return int(bool(both.differ.total()))


if __name__ == "__main__":
    sys.exit(main())

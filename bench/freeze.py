"""Whether two states of the program answer alike: the same questions to both, over the same data.

    python -m bench.freeze OLD_REF [NEW_REF] [--only SURFACE,SURFACE] [--every N] [--show N]

Each ref is checked out into a folder of its own and serves a register of its own, with the same
code key, demonstration and, where DIACHISO_SHARED names their folder, real addresses and
boundaries; both run with the packages that this checkout has. Without NEW_REF it is HEAD: what is
not committed is not asked. Of texts, points and codes every Nth is asked, of pages so many less.
Moments, names of static files and what is drawn by lot count as alike. Exit status 1 where anything
differs. Surfaces: document, geocode, validate, autocomplete, units, reverse, lookup, batch,
problems (parameters and bodies that are refused), feed, pages, desk, commands (what they print and
the files that they write: exports, packs, papers, reports of imports).
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
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from html import unescape
from itertools import zip_longest
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import psycopg

from bench import freeze_files
from registry.core.settings import ROOT
from tests.support.folders import open_folder
from tests.support.running import Run, clean_environment
from tests.support.vectors import read_vectors

SHARED: Final = Path(os.environ.get("DIACHISO_SHARED", "none")) / "data"
REAL: Final = ("real_addresses.csv", "public_places.csv", "charging_stations.csv")
MOST_PAGES: Final = 400
_UNLIKE: Final = re.compile(
    r"\d{4}-\d\d-\d\d[T ]\d\d:[\d:.]+(?:Z|[+-]\d\d:?\d\d)?|/static/[0-9a-f]{12}"
    r"|\b\d\d?:\d\d(?::\d\d)?(?=[ ,<]|$)|\b[0-9a-f]{32,64}\b|/(?:tmp|dev/shm)/[\w./-]+|…\w{4}\b"
)
_NO_TEXT: Final = re.compile(r"(?s)<(script|style)\b.*?</\1>|<[^>]*>")
_LINK: Final = re.compile(r'href="(/[^"?#]*)')
_NO_PAGE: Final = re.compile(r"/(static|v1|tiles|ogc|healthz|readyz|metrics|openapi|board)\b")
"""Nor what counts the questions themselves."""
_CODES: Final = "SELECT code FROM household WHERE status = 'active' ORDER BY code"

_DOOR: Final = """
    SELECT st_x(h.point), st_y(h.point), u.code
    FROM household h JOIN admin_unit u ON u.id = h.unit_id WHERE h.code = %s"""
_WRONG: Final = ("", "x", "-1", "99999", "2025-02-31", "x" * 300, "a\0b")
"""Values that hardly any parameter or member takes."""

Answer = tuple[int, str, str]
"""Status, media type and text."""


@dataclass(frozen=True)
class Asked:
    """One question."""

    path: str
    body: object = None
    language: str = "vi"
    method: str = ""
    seated: bool = False
    """By an administrator, with a session or a key, or by nobody in particular."""


@dataclass
class Side:
    """A state of the program that serves its register."""

    connection: http.client.HTTPConnection
    codes: list[str]
    door: dict[str, object]
    """Longitude, latitude and commune of the first."""
    folder: Path
    program: Callable[..., subprocess.CompletedProcess[str]]
    secret: str = ""
    session: str = ""

    def _send(self, *request: Any) -> http.client.HTTPResponse:
        self.connection.request(*request)
        return self.connection.getresponse()

    def sit_down(self) -> None:
        """Make a key for an administrator, and sign in at the desk."""
        made = self.program("keys", "create", "freeze", "--role", "admin", "--format", "json")
        self.secret = json.loads(made.stdout)["key"]
        headers = {"Host": "localhost", "Content-Type": "application/x-www-form-urlencoded"}
        body = urlencode({"key": self.secret})
        self.connection.request("POST", "/desk/sign-in", body, headers)
        answer = self.connection.getresponse()
        answer.read()
        cookies = answer.headers.get_all("Set-Cookie") or []
        self.session = "; ".join(cookie.partition(";")[0] for cookie in cookies)

    def ask(self, asked: Asked) -> Answer:
        """What it answers."""
        headers = {"Host": "localhost", "Content-Type": "application/json"}
        body = json.dumps(asked.body) if asked.body else None
        headers["Cookie"] = f"lang={asked.language}"
        if asked.seated:
            headers["Cookie"] += f"; {self.session}"
        if asked.seated and asked.path.startswith("/v1"):
            headers["Authorization"] = f"Bearer {self.secret}"
        method = asked.method or ("POST" if body else "GET")
        try:
            answer = self._send(method, asked.path, body, headers)
        except (http.client.HTTPException, ConnectionError):
            self.connection.close()  # the server closes some after a refusal; opened again by this
            answer = self._send(method, asked.path, body, headers)
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
        environment = clean_environment() | {"PYTHONPATH": str(tree), "PYTHONSAFEPATH": "1"}
        environment |= {"DIACHISO_VAR": str(folder / "var"), "DIACHISO_LIMITS": "off"}

        def program(*words: str) -> subprocess.CompletedProcess[str]:
            command = freeze_files.program(*words)
            return subprocess.run(
                command, cwd=tree, env=environment, capture_output=True, text=True
            )

        def run(*words: str | Path) -> str:
            done = program(*map(str, words))
            if done.returncode not in (0, 1):  # 1 where rows of a file were rejected
                raise SystemExit(f"{ref}: {words[0]}: {done.stderr[-2_000:]}")
            return done.stdout.strip()

        serve = [
            *freeze_files.program("serve"),
            "--port=0",
            "--workers=1",
            "--no-demo",
            "--no-worker",
        ]
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
            found = database.execute(_DOOR, codes[:1]).fetchone() or ()
        print(f"{ref}: {len(codes)} doors", flush=True)
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        door = dict(zip(("longitude", "latitude", "commune"), found, strict=True))
        side = Side(connection, codes, door, folder / "written", program)
        side.sit_down()
        yield side


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
    starts = [text[: len(text) // part][:200] for text in written[::3] for part in (1, 2, 3)]
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
        "autocomplete": [_url("/v1/autocomplete", q=text) for text in starts],
        "units": [_url("/v1/units/convert", text=text) for text in written[::3]],
        "reverse": [_url("/v1/reverse", lon=lon, lat=lat, limit=5) for lon, lat in points],
        "lookup": [Asked(f"/v1/addresses/{code}") for code in codes[::20]],
        "batch": [
            Asked(f"/v1/batch/{name}", {"rows": [{column: row} for row in rows[at : at + 500]]})
            for (name, column), rows in batches.items()
            for at in range(0, len(rows), 500)
        ],
        "problems": problems(side),
        "feed": feed(side),
    }


def problems(side: Side) -> Iterator[Asked]:
    """What every operation refuses: wrong values of its parameters and members, and no key."""
    document = json.loads(side.ask(Asked("/openapi.json"))[2])
    for path, operations in document["paths"].items():
        to_ask = path.replace("{code}", side.codes[0])
        for method, operation in operations.items():
            if method not in ("get", "post", "put", "patch", "delete"):
                continue
            asked = Asked(re.sub(r"{\w+}", "1", to_ask), method=method.upper())
            yield asked
            yield replace(asked, path=to_ask, seated=True)
            if method == "get":
                names = [each.get("name") for each in operation.get("parameters", ())]
                for name in [*filter(None, names), "unheard_of"]:
                    for value in _WRONG:
                        query = urlencode({name: value})
                        yield replace(asked, path=f"{asked.path}?{query}", seated=True)
            elif body := _members_of(document, operation):
                yield replace(asked, body=["x"], seated=True)
                yield replace(asked, body={"unheard_of": 1}, seated=True)
                for name in body:
                    for value in (*_WRONG, None, 1.5, [], {}):
                        yield replace(asked, body={name: value}, seated=True)


def _members_of(document: Any, operation: Any) -> list[str]:
    content = operation.get("requestBody", {}).get("content", {})
    schema = content.get("application/json", {}).get("schema", {})
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return list(schema.get("properties", ()))


def feed(side: Side) -> Iterator[Asked]:
    """The first pages of changes, and the last."""
    path: str | None = "/v1/changes?limit=500"
    for _ in range(20):
        yield (asked := Asked(path or "", seated=True))
        path = json.loads(side.ask(asked)[2]).get("next")
        if not path:
            return


def words(page: str) -> list[str]:
    """The text of a page, a line for each piece; of what is no page, its lines."""
    lines = _NO_TEXT.sub("\n", page).splitlines()
    return [" ".join(unescape(line).split()) for line in lines if line.strip()]


def differences(old: Answer, new: Answer) -> list[str]:
    """What of two answers is not alike, each as a line."""
    if old[:2] != new[:2]:
        return [f"{old[:2]} → {new[:2]}"]
    if old[1].endswith("json") and old[2] and new[2]:
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

    def compare(self, surface: str, title: str, old: Answer, new: Answer) -> None:
        """Count two answers, and print where they differ."""
        self.asked[surface] += 1
        if found := differences(old, new):
            self.differ[surface] += 1
            if self.differ[surface] <= self.show:
                shown = [f"{surface}: {title}", *found[:8]]
                print(*(line[:300] for line in shown), sep="\n    ", flush=True)

    def ask(self, surface: str, asked: Asked) -> str:
        """The pages of both, where the answers are such."""
        old, new = self._threads.map(lambda side: side.ask(asked), self.sides)
        title = f"{asked.method} {asked.path} {asked.body or asked.language}"
        self.compare(surface, title.strip(), old, new)
        return "".join(text for _, kind, text in (old, new) if kind == "text/html")

    def pages(self, surface: str, to_ask: list[str]) -> None:
        """Pages that these lead to, in both languages."""
        seated = surface == "desk"
        for path in to_ask:  # which grows meanwhile
            for language in ("vi", "en"):
                page = self.ask(surface, Asked(path, language=language, seated=seated))
                links = [unescape(link) for link in _LINK.findall(page)]
                links = [link for link in links if link.startswith("/desk") == seated]
                new = [link for link in dict.fromkeys(links) if not _NO_PAGE.match(link)]
                new = [link for link in new if link not in to_ask]
                to_ask += new[: MOST_PAGES - len(to_ask)]

    def commands(self) -> None:
        """What commands print and write, those of both sides at the same time."""

        def perform(side: Side, words: list[str]) -> Answer:
            done = side.program(*words)
            return done.returncode, "text/plain", _UNLIKE.sub("…", done.stdout + done.stderr)

        self.compare("commands", "help", *self._threads.map(perform, self.sides, [["help"]] * 2))
        to_do = [freeze_files.commands(s.folder, s.codes[0], s.door) for s in self.sides]
        for both in zip(*to_do, strict=True):
            self.compare(
                "commands", " ".join(both[0]), *self._threads.map(perform, self.sides, both)
            )
        written = [dict(freeze_files.files(side.folder)) for side in self.sides]
        for name in written[0] | written[1]:
            answers = ["\n".join(side.get(name, ["–"])) for side in written]
            old, new = ((0, "text/plain", _UNLIKE.sub("…", text)) for text in answers)
            self.compare("commands", name, old, new)


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
        doors = [f"/a/{code}" for code in old.codes[:: 200 * given.every]]
        for name in given.only or [*surfaces, "pages", "desk", "commands"]:
            for asked in surfaces.get(name, ()):
                both.ask(name, asked)
            if name == "pages":
                both.pages(name, ["/", *doors])
            if name == "desk":
                both.pages(
                    name,
                    [
                        "/desk",
                        *(f"/desk/records/{code}" for code in old.codes[:: 200 * given.every]),
                    ],
                )
            if name == "commands":
                both.commands()
            print(f"{name}: {both.asked[name]} asked, {both.differ[name]} differ", flush=True)
    return int(bool(both.differ.total()))


if __name__ == "__main__":
    sys.exit(main())

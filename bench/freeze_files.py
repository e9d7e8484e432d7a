"""What the commands of two states of the program print and write, for `bench.freeze`."""

import gzip
import json
import shlex
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pyarrow.parquet
import pyogrio
from python_calamine import load_workbook

from registry.publish.export.formats import FORMATS
from tests.support.pdf import texts_of

HELP: Final = """
import click
from scripts.main import main

def show(command, path):
    context = click.Context(command, info_name=path, terminal_width=100, max_content_width=100)
    print(command.get_help(context))
    for name, each in sorted(getattr(command, "commands", {}).items()):
        show(each, f"{path} {name}")

show(main, "diachiso")
"""
"""Prints the help of every command."""

_ROWS: Final = """\
ma_ho,so_nha,duong,thon,ma_xa,kinh_do,vi_do
1,12,Lê Lợi,,{commune},{longitude},{latitude}
2,12,Lê Lợi,,{commune},{longitude},{latitude}
3,,,,{commune},{longitude},{latitude}
4,14/2A,Lê Lợi,,00000,{longitude},{latitude}
5,14,Lê Lợi,,{commune},{latitude},{longitude}
6,16,Lê Lợi,,{commune},0,0
7,18,Đường không tên,,{commune},,
8,"20, ngõ 5",Lê Lợi,Thôn Đông,{commune},{longitude},{latitude}
"""
"""A delivery with most kinds of mistakes."""

_COMMANDS: Final = (
    *(f"export --format {name} --out {{out}}/all.{name}" for name in FORMATS),
    "export --external --on 2025-06-30 --out {out}/past.csv",
    "export --layer communes --out {out}/communes.csv",
    "export --layer communes --format pmtiles --out {out}/no.pmtiles",
    "export --unit 99 --out {out}/no.csv",
    "export --out {out}/communes.csv",
    "export --snapshot {out}/snapshot",
    "pack --unit {commune} --out {out}/one.pack",
    "import {out}/rows.csv --source odd --report {out}/rejected.csv --warnings {out}/warned.csv"
    " --codes {out}/codes.csv",
    "import {out}/rows.csv --source odd --format json --dry-run",
    "import {out}/rows.csv --source again --strict --delivery full",
    "import {out}/no.csv --source odd",
    "import {out}/all.ndjson --source odd",
    "import --list",
    "import --rollback 2",
    "import --rollback 99",
    "template --commune {commune} --out {out}/template.xlsx",
    "paper plates --codes {code} --out {out}/plates.pdf",
    "paper list --commune {commune} --street 'Lê Lợi' --out {out}/list.pdf",
    "paper certificate {code} --out {out}/certificate.pdf",
    "operation retire {code} --reason demolished",
    "operation renumber {code} --house-number 7A --reason corrected",
    "operation split {code}",
    "operation rename-street --street x",
    "history {code}",
    "history 00000000",
    "lookup {out}/codes.csv {out}/looked_up.csv",
    "geocode {out}/codes.csv {out}/geocoded.csv",
    "validate {out}/rows.csv {out}/validated.csv",
    "coverage",
    "coverage --format json",
    "gaps",
    "reports list",
    "keys list",
    "keys create x --role editor",
    "audit",
    "services list",
    "webhooks list",
    "reform preview {out}/rows.csv",
    "targets load {out}/rows.csv",
    "external load {out}/rows.csv",
    "units load {out}/rows.csv",
    "second-person",
    "doctor",
)


def commands(out: Path, code: str, door: dict[str, object]) -> list[list[str]]:
    """The words of each, after a file of odd rows is written."""
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    (out / "rows.csv").write_text(_ROWS.format(**door), encoding="utf-8")
    given = {"out": out, "code": code, **door}
    return [[word.format(**given) for word in shlex.split(line)] for line in _COMMANDS]


def _table(path: Path) -> list[str]:
    return [str(row) for row in pyarrow.parquet.read_table(path).to_pylist()]


def _layers(path: Path) -> list[str]:
    layers = [str(name) for name, _ in pyogrio.list_layers(path)]
    return [str(row) for name in layers for row in pyogrio.read_arrow(path, name)[1].to_pylist()]


def _sheets(path: Path) -> list[str]:
    book = load_workbook(str(path))
    return [
        str(row) for name in book.sheet_names for row in book.get_sheet_by_name(name).to_python()
    ]


def _pack(path: Path) -> list[str]:
    held = json.loads(gzip.decompress(path.read_bytes().partition(b"\n")[2]))
    return json.dumps(held, ensure_ascii=False, indent=0).splitlines()


_READERS: Final[dict[str, Callable[[Path], list[str]]]] = {
    ".geoparquet": _table,
    ".gpkg": _layers,
    ".flatgeobuf": _layers,
    ".xlsx": _sheets,
    ".pack": _pack,
    ".gz": lambda path: gzip.decompress(path.read_bytes()).decode().splitlines(),
    ".pdf": lambda path: "\n".join(texts_of(path.read_bytes())).splitlines(),
}


def files(out: Path) -> Iterator[tuple[str, list[str]]]:
    """What stands in each file of a folder, as lines: its text, or its rows."""
    for path in sorted(out.rglob("*")):
        if not path.is_file():
            continue
        reader = _READERS.get(path.suffix)
        lines = reader(path) if reader else path.read_text(errors="replace").splitlines()
        yield str(path.relative_to(out)), lines


def program(*words: str) -> list[str]:
    """A command of the program, or the help of all."""
    return [
        sys.executable,
        *(("-c", HELP) if words == ("help",) else ("-m", "scripts.main", *words)),
    ]

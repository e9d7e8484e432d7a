"""The generated parts of pages in docs and of deploy/alerts.yml, which
`python -m scripts.generated_pages` writes again.

A test says when they are out of date.
"""

import json
import re
import textwrap
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Final

from pydantic import BaseModel

from api.metrics import ALERTS as ALERTS_OF_REQUESTS
from geo import lexicon
from geo.locality import DWELLING_ESTATES
from geo.text import fold
from geo.understanding import STEPS
from registry.core.labels import SEVERITIES
from registry.core.messages import in_vietnamese
from registry.core.schemes import SCHEMES
from registry.core.settings import ROOT
from registry.files.formats.formats import FORMATS
from registry.files.table_file import TableFile
from registry.intake.judging.problems import PROBLEMS
from registry.lifecycle.requests import Address
from registry.lifecycle.table import OPERATIONS, Operation
from registry.ops.doctor import PROBES
from registry.ops.probes.alerts import Alert
from registry.ops.probes.figures import ALERTS as ALERTS_OF_FIGURES
from registry.publish.batch.flat import RESULT_COLUMNS
from registry.search.faults import FAULTS, VERDICTS
from scripts.api_reference import endpoint_index, error_codes, field_codes, shared_parameters
from scripts.reference import command_sections, setting_lines
from scripts.table_template import TABLES

PAGES: Final = (
    *(
        ROOT / "docs" / f"{name}.md"
        for name in (
            "api",
            "benchmarks",
            "import",
            "lifecycle",
            "matching",
            "problems",
            "services",
        )
    ),
    ROOT / "docs" / "decisions" / "README.md",
    *(
        ROOT / "docs" / "reference" / f"{name}.md"
        for name in ("api", "commands", "settings", "operations", "faults", "tables")
    ),
    ROOT / "deploy" / "alerts.yml",
    ROOT / "api" / "pages" / "static" / "pack_words.js",
)
_RESULTS: Final = ROOT / "docs" / "benchmarks.json"
_PART: Final = re.compile(
    r"(<!-- generated: (\w+)([\w ]*) -->\n).*?((?: *(?:#|//) )?<!-- end -->)", re.DOTALL
)
_REST: Final = re.compile(
    r" \(.*?\)|(?:: |; |, (?:(?:of )?which|so that|read as|though|while|where|put|"
    r"and (?:was|were|makes|never|counted))\b).*"
)
"""What a report tells of a problem beside its meaning: examples, what was done, what to do."""
_COMMON: Final = ("reason", "decision_number")


def refreshed(page: str) -> str:
    """The page with each generated part as its table has it; words behind its name are passed."""
    return _PART.sub(
        lambda part: f"{part[1]}\n{_PARTS[part[2]](*part[3].split())}\n\n{part[4]}", page
    )


def diagram() -> str:
    """The states and what leads from one to another."""
    arrows: dict[tuple[str, str], list[str]] = defaultdict(list)
    for made in OPERATIONS:
        if made.makes:
            arrows["[*]", made.makes].append(made.name)
        for state in made.from_states:
            arrows[state, made.to_state or state].append(made.name)
    lines = [f"    {old} --> {new}: {', '.join(names)}" for (old, new), names in arrows.items()]
    return "\n".join(["```mermaid", "stateDiagram-v2", *lines, "```"])


def listing() -> str:
    """One line an operation."""
    return _listed(map(_line, OPERATIONS))


def members() -> str:
    """One line a member of the operations' bodies, with what it means in most of them."""
    meanings: dict[str, Counter[str]] = defaultdict(Counter)
    for made in OPERATIONS:
        for name, info in made.request.model_fields.items():
            if name not in _COMMON:
                meanings[name][info.description or ""] += 1
    return _listed(f"`{name}`: {found.most_common(1)[0][0]}" for name, found in meanings.items())


def problems() -> str:
    """One line a problem of rows, by severity."""
    parts = []
    for severity in SEVERITIES:
        found = sorted(k for k, kind in PROBLEMS.items() if kind.severity == severity)
        lines = (f"`{code}`: {_REST.sub('', PROBLEMS[code].english)}" for code in found)
        parts += [f"## {severity.capitalize()}s", _listed(lines)]
    return "\n\n".join(parts)


def schemes() -> str:
    """One line a scheme of identifiers that is known."""
    rows = (
        f"| `{each.scheme}` | {each.of} | {f'`{each.pattern}`' if each.pattern else 'any'}"
        f" | {'one' if each.sole or each.of == 'unit' else 'several'} | {each.english} |"
        for each in SCHEMES.values()
    )
    return "\n".join(["| scheme | of a | value | on a day | |", "|---|---|---|---|---|", *rows])


def result_columns() -> str:
    """One line a column of the answers to a file of questions."""
    return _listed(
        f"`result_{each['column']}`{_of(each['operations'])}: {each['meaning']}"
        for each in RESULT_COLUMNS
    )


def _of(operations: str) -> str:
    return "" if operations == "*" else f" ({', '.join(operations.split())})"


def faults() -> str:
    """One line a fault, by verdict."""
    parts = []
    for verdict in VERDICTS:
        found = (f for f in FAULTS.values() if f.verdict == verdict)
        lines = (f"`{f.code}` {f.weight:g}: {f.message_en}" for f in found)
        parts += [f"## {verdict.capitalize()}", _listed(lines)]
    return "\n\n".join(parts)


def penalties() -> str:
    """One line a step of the reader that departs from plain writing."""
    return _listed(f"`{name}` {step.penalty}: {step.english}" for name, step in STEPS.items())


def pack_words() -> str:
    """A list a name, folded, the longest first."""
    words = lexicon.words()
    lists = {
        # A letter is a step of a number as well, unless it starts a name.
        "NUMBER_WORDS": [w for w in words if w.role in ("number", "alley") and _is_one(w)],
        "PLACE_WORDS": [w for w in words if w.role in ("street", "locality") and _is_one(w)],
        "DWELLING_WORDS": [
            w
            for w in words
            if w.role in ("unit", "floor", "building") or w.kind in DWELLING_ESTATES
        ],
        "UNIT_WORDS": [w for w in words if w.role == "admin"],
    }
    lines = []
    for name, listed in lists.items():
        found = sorted({fold(word.writing) for word in listed}, key=lambda w: (-len(w), w))
        lines.append(f"export const {name} = '{','.join(found)}'.split(',');")
    return "\n".join(lines)


def _is_one(word: lexicon.Wording) -> bool:
    key = fold(word.writing)
    return " " not in key and (len(key) > 1 or not word.needs)


def _line(made: Operation) -> str:
    before, after = ", ".join(made.from_states), made.to_state or made.makes
    states = f"{before} → {after}".strip() if after else before
    notes = "; ".join(filter(None, (made.role, states)))
    called = in_vietnamese(made.called)
    return f"**`{made.name}`**, {called} ({notes}): {made.summary} {_taken(made.request)}"


def _taken(model: type[BaseModel]) -> str:
    """The members of a body, those that are required in bold."""
    fields = model.model_fields
    shown = [f"**`{name}`**" for name, info in fields.items() if info.is_required()]
    if issubclass(model, Address):
        shown.append("the address")
    known = {*_COMMON, *(Address.model_fields if issubclass(model, Address) else ())}
    shown += [
        f"`{name}`" for name, info in fields.items() if not info.is_required() and name not in known
    ]
    return ", ".join(shown)


def columns(table: TableFile, language: str = "en") -> str:
    """The columns of a small table: its header in the template, its name, what stands in it."""
    at = 0 if language == "vi" else 1
    return _listed(
        f"**{each.header}**, `{each.field}`: {each.explained(at)}" for each in table.columns
    )


def alerts() -> str:
    """The rules of Prometheus: about requests, about the register, and those of its probes."""
    of_probes = (alert for probe in PROBES for alert in probe.alerts)
    return "\n".join(map(_rule, (*ALERTS_OF_REQUESTS, *ALERTS_OF_FIGURES, *of_probes)))


def _rule(alert: Alert) -> str:
    expr = alert.expr
    if "\n" in expr:
        expr = ">-\n" + textwrap.indent(expr, " " * 10)
    lasts = f"\n        for: {alert.lasts}" if alert.lasts else ""
    return f"""\
      - alert: {alert.name}
        expr: {expr}{lasts}
        labels: {{severity: {alert.severity}}}
        annotations:
          summary: "{alert.summary}"
          runbook_url: docs/mend.md#{alert.name.lower()}"""


def formats() -> str:
    """One line a format that is imported."""
    return _listed(
        f"{each.label}: {each.endings}{'; rows come back' if each.writer else ''}"
        for each in FORMATS.values()
        if each.reader
    )


def _listed(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def figures(*scenarios: str) -> str:
    """One line for each thing that scenarios of `bench` measured; a missed promise is bold.

    The day that most have stands in the head.
    """
    return _figures(_measured(scenarios))


def promises(*scenarios: str) -> str:
    """The same of what was promised alone."""
    return _figures([each for each in _measured(scenarios) if "promised" in each])


def missed(*scenarios: str) -> str:
    """The same of what was missed alone."""
    return _figures([each for each in _measured(scenarios) if each.get("missed")])


def _figures(measured: list[dict[str, Any]]) -> str:
    lines: dict[tuple[str, ...], list[str]] = {}
    for each in measured:
        value = _value(each)
        measure = each.get("measure", "")
        key = (each["scenario"], each["name"], each.get("promised", ""), _when(each))
        lines.setdefault(key, []).append(f"{measure} {value}" if measure else value)
    usual, _ = Counter(when for *_, when in lines).most_common(1)[0]
    rows = [
        f"{what}{'' if when == usual else f' ({when})'}: {'; '.join(of)}"
        + (f"; promised {by}" if by else "")
        for (_, what, by, when), of in lines.items()
    ]
    return f"Measured {usual}, unless another day is named:\n\n{_listed(rows)}"


def matrix(*scenarios: str) -> str:
    """The same with a column for each property that is measured of all."""
    cells: dict[str, dict[str, str]] = defaultdict(dict)
    for each in _measured(scenarios):
        cells[each["name"]][each["measure"]] = _value(each)
        if "promised" in each:
            cells[each["name"]]["promised"] = each["promised"]
    columns = list(dict.fromkeys(column for row in cells.values() for column in row))
    columns.sort(key=lambda column: column == "promised")
    rows = [[name, *(row.get(column, "") for column in columns)] for name, row in cells.items()]
    head, *body = (f"| {' | '.join(row)} |" for row in [["", *columns], *rows])
    return "\n".join([head, f"|{'---|' * (len(columns) + 1)}", *body])


def _measured(scenarios: tuple[str, ...]) -> list[dict[str, Any]]:
    every = json.loads(_RESULTS.read_text(encoding="utf-8"))
    return [each for name in scenarios for each in every if each["scenario"] == name]


def _value(figure: dict[str, Any]) -> str:
    value, unit = figure["value"], figure["unit"]
    number = f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.4g}"
    shown = f"{number} {unit}".strip()
    if "ratio" in figure:
        beside = f"{figure['ratio']:.2f} of {figure['baseline']}"
        shown = beside if unit == "times" else f"{shown}, {beside}"
    return f"**{shown}**" if figure.get("missed") else shown


def decision_pages() -> str:
    """The pages of decisions by number. Numbers of folded ones are missing."""
    lines = []
    for page in sorted((ROOT / "docs" / "decisions").glob("0*.md")):
        title = page.read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ")
        lines.append(f"- [{title}]({page.name})")
    return "\n".join(lines)


def _when(figure: dict[str, Any]) -> str:
    commit = f"`{figure['commit']}`" if "commit" in figure else ""
    load = f"load {figure['load']:g}" if "load" in figure else figure.get("note", "")
    size = f"{figure['households']:,} households" if "households" in figure else ""
    return ", ".join(filter(None, (figure["date"], size, load, commit)))


_PARTS: Final[dict[str, Callable[..., str]]] = {
    "diagram": diagram,
    "listing": listing,
    "members": members,
    "problems": problems,
    "faults": faults,
    "penalties": penalties,
    "schemes": schemes,
    "result_columns": result_columns,
    "pack_words": pack_words,
    "endpoints": endpoint_index,
    "shared_parameters": shared_parameters,
    "errors": error_codes,
    "field_codes": field_codes,
    "figures": figures,
    "matrix": matrix,
    "missed": missed,
    "promises": promises,
    "formats": formats,
    **{name: partial(columns, table) for name, table in TABLES.items()},
    "alerts": alerts,
    "decision_pages": decision_pages,
    "commands": command_sections,
    "settings": setting_lines,
}


def main() -> None:
    """Write the pages anew."""
    for page in PAGES:
        page.write_text(refreshed(page.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()

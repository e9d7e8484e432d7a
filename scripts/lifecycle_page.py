"""The generated parts of docs/lifecycle.md: `python -m scripts.lifecycle_page` writes them anew.

A test says when they are out of date.
"""

import json
import re
from collections import defaultdict
from collections.abc import Callable
from typing import Final

import click
from pydantic import BaseModel

from registry.lifecycle.table import OPERATIONS, Operation
from registry.settings import ROOT
from scripts.lifecycle import operation as group

PAGE: Final = ROOT / "docs" / "lifecycle.md"
_PART: Final = re.compile(r"(<!-- generated: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
_COMMON: Final = ("reason", "decision_number")
_SERVER: Final = "http://127.0.0.1:8000"


def refreshed(page: str) -> str:
    """The page with each generated part as the table of operations has it."""
    return _PART.sub(lambda part: f"{part[1]}\n{_PARTS[part[2]]()}\n\n{part[3]}", page)


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
    head = (
        "| endpoint | tên gọi | what it is for | record is | becomes | role |\n"
        "|---|---|---|---|---|---|"
    )
    return "\n".join([head, *(_line(made) for made in OPERATIONS)])


def sections() -> str:
    """Each operation with its parameters, its command and an example."""
    return "\n\n".join(_section(made) for made in OPERATIONS)


def _line(made: Operation) -> str:
    before = ", ".join(made.from_states) or "–"
    after = made.to_state or made.makes or "–"
    return (
        f"| `POST /v1/operations/{made.name}` | {made.vi} | {made.summary} | {before} | {after} |"
        f" {made.role} |"
    )


def _section(made: Operation) -> str:
    example = json.dumps(made.example, ensure_ascii=False)
    return f"""### `POST /v1/operations/{made.name}`

{made.summary}

{_parameters(made.request)}

- {_command(made)}

```console
$ curl -H 'Authorization: Bearer …' --json '{example}' '{_SERVER}/v1/operations/{made.name}'
```"""


def _parameters(model: type[BaseModel]) -> str:
    rows = ["| parameter | meaning |", "|---|---|"]
    for name, info in model.model_fields.items():
        needed = ", needed" if info.is_required() else ""
        if name not in _COMMON or needed:
            rows.append(f"| `{name}`{needed} | {info.description} |")
        nested = getattr(info.annotation, "__args__", ())
        for kind in nested:
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                rows += [
                    f"| `{name}[].{inner}`{', needed' if of.is_required() else ''}"
                    f" | {of.description} |"
                    for inner, of in kind.model_fields.items()
                ]
    optional = [f"`{n}`" for n in _COMMON if not model.model_fields[n].is_required()]
    rows.append(f"| {', '.join(optional)} | why, and by which decision |")
    return "\n".join(rows)


def _command(made: Operation) -> str:
    options = []
    for option in group.commands[made.name].params:
        if isinstance(option, click.Option):
            flag = "/".join([*option.opts, *option.secondary_opts])
            shown = flag if option.is_flag else f"{flag} {option.make_metavar(_CONTEXT)}"
            shown = shown.replace("|", "\\|")
            options.append(shown if option.required else f"[{shown}]")
    return f"`bin/diachiso operation {made.name} {' '.join(options)}`"


_CONTEXT: Final = click.Context(group)
_PARTS: Final[dict[str, Callable[[], str]]] = {
    "diagram": diagram,
    "listing": listing,
    "sections": sections,
}


def main() -> None:
    """Write the page anew."""
    PAGE.write_text(refreshed(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()

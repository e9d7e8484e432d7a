"""A program that typesets one PDF and exits.

The typesetter caches its measurements for the life of the process, some 350 MB for 1,000 plates: so
it runs in a process of its own. It reads {template, data, archive} as JSON from standard input and
writes a line of JSON, {notices, archive}, and then the PDF.

It starts in 0.1 s; a server runs two at a time. Names are data, never markup.
"""

import json
import sys
from pathlib import Path
from typing import Any, Final

import typst

_HERE: Final = Path(__file__).parent
_TEMPLATES: Final = _HERE / "templates"


def press(template: str, data: dict[str, Any], *, archive: bool) -> tuple[dict[str, Any], bytes]:
    """Return the template's notices and the PDF; with `archive` PDF/A-2b.

    A text with letters that the fonts lack gives a plain PDF, and a false `archive`.
    """
    compiler = typst.Compiler(
        str(_TEMPLATES / f"{template}.typ"),
        root=str(_TEMPLATES),
        # Only the program's fonts, so that papers look the same on every machine.
        font_paths=typst.Fonts(
            include_system_fonts=False,
            include_embedded_fonts=False,
            font_paths=[str(_HERE / "fonts")],
        ),
        sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
    )
    try:
        made = compiler.compile(
            format="pdf", pdf_standards=["a-2b"] if archive else [], pdf_tags=archive
        )
    except typst.TypstError as error:
        if not archive or "could not be displayed" not in str(error):
            raise
        archive, made = False, compiler.compile(format="pdf")
    notices = json.loads(compiler.query("<notice>", field="value"))
    if not isinstance(made, bytes):
        raise TypeError("a PDF is one file")
    return {"notices": notices, "archive": archive}, made


if __name__ == "__main__":
    head, pdf = press(**json.load(sys.stdin.buffer))
    sys.stdout.buffer.write(json.dumps(head).encode() + b"\n")
    sys.stdout.buffer.write(pdf)

"""The press: a program that makes one PDF and ends.

The typesetter keeps whatever it measured for as long as its process lives, some 350 MB for 1,000
plates: so it has a process of its own. From its input it reads {template, data, archive} as JSON;
it writes a line of JSON, {notices, archive}, and then the PDF.
"""

import json
import sys
from pathlib import Path
from typing import Any, Final

import typst

_HERE: Final = Path(__file__).parent
_TEMPLATES: Final = _HERE / "templates"


def press(template: str, data: dict[str, Any], *, archive: bool) -> tuple[dict[str, Any], bytes]:
    """What the template noticed, and the PDF; with `archive` PDF/A-2b.

    Where a text has letters that the fonts lack it is no PDF/A, and `archive` says so.
    """
    compiler = typst.Compiler(
        str(_TEMPLATES / f"{template}.typ"),
        root=str(_TEMPLATES),
        # The fonts of the program alone: paper reads the same on every machine.
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
    told, pdf = press(**json.load(sys.stdin.buffer))
    sys.stdout.buffer.write(json.dumps(told).encode() + b"\n")
    sys.stdout.buffer.write(pdf)

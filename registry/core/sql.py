"""SQL that follows the description of the record: lines that stand once for each of its columns."""

import re
from collections.abc import Iterable, Mapping
from typing import Final

_EACH: Final = re.compile(r"^( *)-- each (\w+) column: (.*\n)", re.M)


def for_each_column(written: str, kind: str, columns: Iterable[Mapping[str, str]]) -> str:
    """A script in which a line `-- each {kind} column: …` stands once for each of the columns, with
    its pieces in braces.
    """
    known = list(columns)

    def expanded(line: re.Match[str]) -> str:
        if line[2] != kind:
            return line[0]
        return "".join(line[1] + line[3].format_map(each) for each in known)

    return _EACH.sub(expanded, written)

"""References that are codes of this register: a row is the record of its code, and gets no other.

A file in which every reference is a code, as an export has them, speaks of records and not of rows
of a list. One reference in nineteen passes the check by chance, so all of them have to.
"""

from typing import Final

import numpy as np

from geo.code import ALPHABET, LENGTH
from geo.code_bulk import serials_from_codes
from registry.intake.engine import Workbench

_CERTAIN: Final = 5
"""So many references that are codes are no chance, also where no record bears any of them."""
_CODE: Final = f"[{ALPHABET}]{{4}}-?[{ALPHABET}]{{4}}"


def name_by_codes(bench: Workbench) -> None:
    """Of a file of codes: let each reference name its record, and refuse those that name none."""
    # A few of them tell most files apart from one of codes.
    if not all(bench.value("matching/are_codes.sql", code=_CODE, most=n) for n in (50, None)):
        return
    references = [reference for (reference,) in bench.rows("matching/unknown_codes.sql")]
    codes = [reference.upper().replace("-", "") for reference in references]
    _, valid = serials_from_codes(np.array(codes, dtype=f"S{LENGTH}"))
    if not valid.all():
        return
    registered = bench.bring("dwelling_code", "matching/register/dwelling_code.pg.sql", codes=codes)
    if not registered and len(codes) < _CERTAIN:
        return
    bench.table(
        "own_code", "source_ref VARCHAR, code VARCHAR", list(zip(references, codes, strict=True))
    )
    bench.run("matching/own_codes.sql")

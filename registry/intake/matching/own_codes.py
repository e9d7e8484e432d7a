"""References that are codes of this register: such rows are matched to these records.

If every reference of a file is a code, as in an export, rows are records of the register. One in
nineteen arbitrary references passes the check by chance, so all of them must.
"""

from typing import Final

import numpy as np

from geo.code import ALPHABET, LENGTH
from geo.code_bulk import serials_from_codes
from registry.intake.engine import Workbench

_CERTAIN: Final = 5
"""Number of valid codes that cannot be chance, even if no record has any of them."""
_CODE: Final = f"[{ALPHABET}]{{4}}-?[{ALPHABET}]{{4}}"


def name_by_codes(bench: Workbench) -> None:
    """In a file of codes, map each reference to its record, and reject unknown codes."""
    # Checking a few references first excludes most files.
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

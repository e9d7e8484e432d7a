"""Codes per second, ordinal to printed symbols: numpy arrays against one at a time.

Run by hand from the root: .venv/bin/python -m bench.code
"""

from time import perf_counter

import numpy as np

from geo.code import from_serial
from geo.code_bulk import codes_from_serials, serials_from_codes
from geo.permutation import Permutation

BULK = 10_000_000
SCALAR = 200_000
REPEATS = 3


def main() -> None:
    permutation = Permutation(bytes(range(32)))
    ordinals = np.arange(BULK)
    bulk_s, back_s, scalar_s = [], [], []
    for _ in range(REPEATS):
        start = perf_counter()
        codes = codes_from_serials(permutation.code_serials(ordinals))
        bulk_s.append(perf_counter() - start)

        start = perf_counter()
        serials_from_codes(codes)
        back_s.append(perf_counter() - start)

        start = perf_counter()
        for ordinal in range(SCALAR):
            from_serial(permutation.code_serial(ordinal))
        scalar_s.append(perf_counter() - start)

    bulk, back, scalar = BULK / min(bulk_s), BULK / min(back_s), SCALAR / min(scalar_s)
    print(f"ordinal to code, arrays      {bulk:14,.0f} codes/s")
    print(f"ordinal to code, one by one  {scalar:14,.0f} codes/s")
    print(f"ratio                        {bulk / scalar:14,.0f}")
    print(f"code to serial, arrays       {back:14,.0f} codes/s")


if __name__ == "__main__":
    main()

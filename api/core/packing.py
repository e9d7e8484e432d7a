"""Answers that are worth compressing, for whoever takes that."""

import gzip
from functools import lru_cache
from typing import Final

from flask import Response, request

_WORTH_PACKING: Final = 10_000


def packed(response: Response) -> Response:
    """The response, compressed where it is large; for answers that are the same for many."""
    body = response.get_data()
    if len(body) >= _WORTH_PACKING:
        response.vary.add("Accept-Encoding")
        if request.accept_encodings.quality("gzip") > 0:
            response.set_data(_packed(body))
            response.content_encoding = "gzip"
    return response


@lru_cache(maxsize=8)
def _packed(body: bytes) -> bytes:
    return gzip.compress(body, mtime=0)  # the same bytes each time, for the ETag

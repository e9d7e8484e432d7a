"""Compression of large answers that many callers share."""

import gzip
from functools import lru_cache
from typing import Final

from flask import Response, request

_MIN_BYTES: Final = 10_000


def packed(response: Response) -> Response:
    """Compress a large response if the caller accepts gzip; for answers that many callers share."""
    body = response.get_data()
    if len(body) >= _MIN_BYTES:
        response.vary.add("Accept-Encoding")
        if request.accept_encodings.quality("gzip") > 0:
            response.set_data(_packed(body))
            response.content_encoding = "gzip"
    return response


@lru_cache(maxsize=8)
def _packed(body: bytes) -> bytes:
    return gzip.compress(body, mtime=0)  # deterministic, for the ETag

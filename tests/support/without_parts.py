"""The server of a machine whose npm registry did not answer: no browser part is there.

`tests.support.without_parts:server`
"""

from pathlib import Path

from api.pages import assets

assets._PARTS = Path("/nonexistent")  # type: ignore[misc]

from api.wsgi import server  # noqa: E402

__all__ = ("server",)

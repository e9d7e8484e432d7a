"""A server without npm packages, as if the npm registry had not answered.

`tests.support.without_parts:server`
"""

from pathlib import Path

from api.pages import assets

assets._PARTS = Path("/nonexistent")  # type: ignore[misc]

from api.wsgi import server  # noqa: E402

__all__ = ("server",)

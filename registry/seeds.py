"""stub"""

from collections.abc import Callable

from sqlalchemy import Connection


def load_seeds(connection: Connection, report: Callable[[str], None]) -> None:
    pass

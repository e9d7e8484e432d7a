"""Which release of the program this is."""

import configparser
from functools import cache

from registry.core.settings import IS_CHECKOUT, ROOT


@cache
def release() -> str:
    """The number in `setup.cfg` of the checkout, or of the installed package."""
    if not IS_CHECKOUT:
        from importlib.metadata import version

        return version("diachiso")
    read = configparser.ConfigParser()
    read.read(ROOT / "setup.cfg", encoding="utf-8")
    return read["metadata"]["version"]

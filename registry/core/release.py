"""The release of the program."""

import configparser
from functools import cache

from registry.core.settings import IS_CHECKOUT, ROOT


@cache
def release() -> str:
    """Return the version in `setup.cfg` of the checkout, or of the installed package."""
    if not IS_CHECKOUT:
        from importlib.metadata import version

        return version("diachiso")
    read = configparser.ConfigParser()
    read.read(ROOT / "setup.cfg", encoding="utf-8")
    return read["metadata"]["version"]

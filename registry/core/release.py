"""Which release of the program this is."""

import configparser
from functools import cache

from registry.core.settings import ROOT


@cache
def release() -> str:
    """The number in `setup.cfg`: the program runs from its checkout."""
    read = configparser.ConfigParser()
    read.read(ROOT / "setup.cfg", encoding="utf-8")
    return read["metadata"]["version"]

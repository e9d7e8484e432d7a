"""What the first questions of a process would wait for, made before anybody asks."""

from contextlib import suppress
from typing import Final

from registry.core.errors import RegistryError
from registry.register import Register
from registry.search.autocomplete import Typing, autocomplete
from registry.search.geocode import Question, geocode
from registry.units.gazetteer import Gazetteer

_TYPED: Final = ("le thi", "nt bd hn", "ngyuen trai")
"""What begins a name, what are its first letters, and what is a slip away from one."""
_ASKED: Final = ("12 ngyuen trai, p. trucc bach, ba dinh", "p ben nghe quan 1")


def warm(register: Register) -> None:
    """Make what is made when it is asked for, by asking; nobody need be there to answer.

    Units in their orders, the words of names, places by their first letters: a second's work, that
    the first who types would see as a box that hangs. A database that is not there may come.
    """
    with suppress(RegistryError):
        warm_units(register, register.gazetteer.get())


def warm_units(register: Register, known: Gazetteer) -> None:
    """The same of a map that nobody has asked yet. Raises what questions raise."""
    names = register.place_names.get()
    for text in _TYPED:
        autocomplete(known, register.reads, names, Typing(text))
    for text in _ASKED:
        geocode(known, register.reads, Question(text))

"""Own keys of streets and localities: the folded name, and the marks that tell it from another.

Not in the models, which take a quarter of a second to load, and every import would wait for it.
"""

from typing import Final

APART: Final = "~"
"""Between a key and the marks that tell its place from another one of the key; no key holds it."""

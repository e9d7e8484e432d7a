"""The version of the rules by which rows are read: of the grammar, its keys and what follows."""

from typing import Final

RULES_VERSION: Final = "29"
"""Part of each row's hash: raise it when the same row would be understood differently. A register
that was looked through under another one has its keys written anew (`registry.ops.rekey`)."""
LEXICON_DIGEST: Final = "19754f53837d"
"""Of the rows of geo/lexicon under this version; a test says when they changed without it."""

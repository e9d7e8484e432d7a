"""The version of the rules for reading rows: the grammar, its keys and their consequences."""

from typing import Final

RULES_VERSION: Final = "31"
"""Part of each row's hash: raise it when rows would be understood differently. After a change
`registry.ops.rekey` rewrites the keys of a register."""
LEXICON_DIGEST: Final = "27436f6fb8c3"
"""Digest of geo/lexicon under this version; a test fails if it changes without a new version."""

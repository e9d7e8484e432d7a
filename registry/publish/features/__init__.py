"""The register as features of maps: what OGC API Features asks for, a page at a time.

`collections` says what there is, `asked` reads a question, `doors`, `places` and `units` answer one
each, `systems` turns what they found into other systems of coordinates. A restricted record is in
none of it. Pages go on behind the last key, so that the last page costs as much as the first.
"""

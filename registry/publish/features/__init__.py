"""The register as map features for OGC API Features, a page at a time.

`collections` lists the collections, `query` parses a query, `doors`, `places`, `units` and
`services` answer it, `systems` transforms coordinates. Restricted records are left out. Pages
continue after the last key, so that the last page costs as much as the first.
"""

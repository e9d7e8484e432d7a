"""The map: drawings that a job derives from the register (`refresh`), and their tiles (`tiles`).

`units` draws provinces and communes once for each range of zooms, `labels` chooses the first zoom
of each name, `grid` counts households by cell. From zoom 15 tiles show the households themselves,
without codes. Restricted records are never drawn.
"""

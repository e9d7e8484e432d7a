"""The map: drawings that a job derives from the register (`refresh`), and their tiles (`tiles`).

`units` draws provinces and communes once for each range of zooms, `labels` chooses the first zoom
of each name, `grid` counts households by cell. From zoom 15 tiles show the households themselves,
without codes. Restricted records are never drawn.

A street has no line, so its name stands at its middle door. Names and density lag by up to five
minutes.
"""

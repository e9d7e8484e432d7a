"""The way in: a file becomes staged rows, checked and matched rows, and published households.

`run.import_file` tells the story. Its steps are the rooms, each of which knows only those before
it: `spellings`, `formats`, `columns`, `staged`, `judging`, `matching`, `publishing`.
"""

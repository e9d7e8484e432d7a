"""The way in: a file becomes staged rows, checked and matched rows, and published households.

`run.import_file` tells the story; every other module is one step of it.
"""

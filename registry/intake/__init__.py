"""Imports: stage the rows of a file, check and match them, and publish households.

`run.import_file` is the entry point. Each package uses only those before it: `columns`, `staged`,
`judging`, `matching`, `publishing`.
"""

"""Official papers as PDF: plates, certificates, decisions, lists and route sheets.

Each module selects the content of one kind of paper and passes it, as plain data, to a template of
`templates/`, which never interprets names as markup. Fonts are part of the program.
"""

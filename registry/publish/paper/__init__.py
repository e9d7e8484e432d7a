"""The authority's paper: plates, certificates, decisions and lists, as PDF.

Each module selects what stands on one kind of paper and hands it, as plain data, to a template of
`templates/`; nothing of a name is ever read as markup there. Fonts come with the program.
"""

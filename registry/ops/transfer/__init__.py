"""A register in one neutral file, and an empty register of this or a later version out of it.

Codes are permanent, also where the database is another one: `writing` writes what a register holds
in the words of the API and the feed, `reading` makes it the content of an empty register, with the
key of the codes and beyond every code that was drawn. What the file is made of stands in
`members.csv`: a ZIP archive of a manifest and one part of JSON lines for each kind of thing, in an
order that does not depend on the database, so that equal registers have equal parts.
"""

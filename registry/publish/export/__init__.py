"""Exports of the register for other programs: households as a table or map layer, streamed.

`columns` describes a file, `read` reads batches from the database, `formats` and `writers` write
each format, `run` is the entry point.
"""

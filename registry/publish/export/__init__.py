"""Files of the register for other programs: households in a table or map layer, streamed.

`columns` says what a file holds, `read` brings it out of the database in batches, `formats` writes
each kind of file, `run` tells the story.
"""

"""A package for pytest: one browser goes from file to file, and ends before the next folder.

While it is there, no other event loop can run in the thread.
"""

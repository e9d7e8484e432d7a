"""A package for pytest: one browser serves all files and ends before the next folder.

While it runs, no other event loop can run in the thread.
"""

"""Tools of the Model Context Protocol, over HTTP and stdio.

Each tool returns what the corresponding endpoint returns; all are read-only.
"""

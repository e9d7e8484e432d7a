"""Interfaces of other geocoders over the same search, for clients that change only the URL.

They return what those return, and ignore parameters that those ignore. Search and limits are those
of `/v1`.
"""

"""Interfaces of other geocoders over the same search, for clients that change only the address.

They answer what those answer, and ignore parameters that those would ignore. Nothing is searched or
counted otherwise than at `/v1`.
"""

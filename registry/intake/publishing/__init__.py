"""Publish the decisions of an import, and roll imports back."""

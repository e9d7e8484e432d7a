"""The desk of an authority: its records, pending work and documents, in the browser.

Pages are rendered by the server and work without scripts; forms answer with a redirect (303), so
that going back or reloading submits nothing twice. Users are identified by a session
(`api.core.sessions`).
"""

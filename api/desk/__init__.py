"""The desk of an authority: its records, what waits for it, and its paper, without a shell.

Pages are drawn by the server and work without scripts; forms answer with a redirect (303), so that
going back or reloading sends nothing twice. Who sits there is known by a session
(`api.core.sessions`).
"""

"""Connections: a server that lets callers wait in vain."""

import socket

import pytest

from registry.database import make_engine, session_scope
from registry.errors import DatabaseUnavailableError


def test_nobody_waits_for_a_server_that_was_just_silent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # it takes calls, and says nothing
        silent.setblocking(False)
        engine = make_engine(f"postgresql://nobody@127.0.0.1:{silent.getsockname()[1]}/nothing")
        for _ in range(3):
            with pytest.raises(DatabaseUnavailableError), session_scope(engine) as session:
                session.connection()
        engine.dispose()
        silent.accept()[0].close()
        with pytest.raises(BlockingIOError):
            silent.accept()

"""The application for a WSGI server: `api.wsgi:app`."""

import gc
from contextlib import suppress

from api.app import create_app
from api.logs import configure_logs
from registry.cluster import database_url
from registry.errors import RegistryError
from registry.register import Register
from registry.settings import from_environment

configure_logs()
_settings = from_environment()
_register = Register.open(_settings, database_url(_settings))
with suppress(RegistryError):  # the first request must not wait for it; a stopped database may come
    _register.gazetteer.get()
app = create_app(_register)
# What is there now stays: a collection that walked all of it would hold up a request for long.
gc.collect()
gc.freeze()

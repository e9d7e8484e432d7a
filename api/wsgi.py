"""The application for a WSGI server: `api.wsgi:app`."""

from api.app import create_app
from api.logs import configure_logs
from registry.cluster import database_url
from registry.register import Register
from registry.settings import from_environment

configure_logs()
_settings = from_environment()
app = create_app(Register.open(_settings, database_url(_settings)))

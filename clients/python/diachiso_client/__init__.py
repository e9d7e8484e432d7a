"""Client of a register of Địa chỉ số.

`generated` is made of the register's own description: a function for each of its operations, a
class for each of its answers. Beside it, `geocode_column` answers a whole column of addresses.
"""

from .columns import Unfinished, geocode_column
from .generated import AuthenticatedClient, Client

__all__ = ["AuthenticatedClient", "Client", "Unfinished", "geocode_column"]

"""The public website beside the API.

Pages are rendered by the server, in Vietnamese or English (`shell`); scripts of our own call the
API for the rest. Nothing is loaded from another host: `assets` serves our files and the browser
packages that bin/bootstrap installed. `failures` renders errors as pages.
"""

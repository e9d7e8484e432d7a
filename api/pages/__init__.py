"""The web application beside the API: what people see first.

Pages are drawn by the server, in Vietnamese or English (`shell`); a little JavaScript of our own
asks the API for the rest. Nothing comes from another host: `assets` serves our files and the
browser parts that bin/bootstrap installed. `failures` tells errors as pages.
"""

"""The web service: parse the request, call one registry function, render."""

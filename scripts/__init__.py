"""The command line `diachiso`: parse arguments, call the registry, print."""

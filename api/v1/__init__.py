"""The endpoints of `/v1`, a module for each subject."""

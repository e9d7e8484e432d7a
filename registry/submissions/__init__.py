"""Imports over HTTP: a file is received, dry-run by a job, reviewed, and published by another job.

`receiving` stores the file and queues its dry run, `views` returns the state, `asking` has the
requests, `work` the jobs, which call `registry.intake`. The server imports no reader of files: it
returns what the jobs have written next to the file (`files`).
"""

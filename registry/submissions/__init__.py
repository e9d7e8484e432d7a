"""Imports over HTTP: a file is taken in, tried by a job, looked at, and published by another job.

`receiving` keeps the file and queues its dry run, `views` shows what is known, `asking` is what
people ask for, `work` are the jobs that do it, by the functions of `registry.intake`. The server
imports no reader of files: it hands out what the jobs have written beside the file (`files`).
"""

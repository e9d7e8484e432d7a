"""Large batches over HTTP: a file of questions is received, answered by a job, fetched, deleted.

`asking` is what people ask for, `reading` opens their files, `work` are the jobs, `telling` sends a
webhook its message. A batch is its key's alone, and gone a day after its end: row, file and result.
"""

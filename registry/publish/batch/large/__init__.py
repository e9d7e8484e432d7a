"""Large batches over HTTP: a file of questions is uploaded, answered by a job, fetched, deleted.

`store` creates, lists and deletes them, `reading` opens the files, `work` has the jobs, `notify`
sends a webhook its message. Only the API key that created a batch sees it; a day after its end the
row, the file and the result are deleted.
"""

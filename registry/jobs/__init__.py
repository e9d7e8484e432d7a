"""Background jobs: a queue in the database, and its worker.

`table` lists every job, `queue` enqueues, `worker` dequeues; each job runs in a process of its own
(`perform`), so that the worker stays small and a killed job affects nothing else. procrastinate
maintains the queue, in a schema of its own (`schema`): the transaction that needs a job adds it,
jobs with one lock wait for each other, and a lost job is recognised by an advisory lock that ends
with its worker's connection. The server calls its SQL function without importing it, which would
take 25 MB a process; an import may take 500 MB, which a thread would keep.

Backups omit the queue: a restored register must not publish a waiting import again.
"""

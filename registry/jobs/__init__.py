"""Background jobs: a queue in the database, and its worker.

`table` lists every job, `queue` enqueues, `worker` dequeues; each job runs in a process of its own
(`perform`), so that the worker stays small and a killed job affects nothing else. procrastinate
maintains the queue, in a schema of its own (`schema`).
"""

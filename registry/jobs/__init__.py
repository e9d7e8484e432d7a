"""Work that nobody waits for: a queue in the database, and the worker that goes through it.

`table` lists every job, `queue` puts one in, `worker` takes them out; each is done by a process of
its own (`perform`), so that the worker stays small and a job that is killed takes nothing along.
procrastinate keeps the queue, in a schema of its own (`schema`).
"""

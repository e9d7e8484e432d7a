"""The cluster kit: one settings file, the files of every machine, and a trial of it all on one.

PostgreSQL's own replication under Patroni, with etcd, HAProxy and PgBouncer from the
distribution's packages. Nothing distributed is home-made: this writes files, and for a trial
starts and ends processes.
"""

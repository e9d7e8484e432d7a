"""The table of all jobs."""

from dataclasses import dataclass
from typing import Final, Literal

Queue = Literal["upkeep", "imports", "publications", "batches", "webhooks"]
UPKEEP: Final = "upkeep"
IMPORTS: Final = "imports"
"""Dry runs of files that anybody with a key may deliver."""
PUBLICATIONS: Final = "publications"
"""Writes to the register, which never wait for a dry run."""
BATCHES: Final = "batches"
"""Large batches of queries: they take minutes, and do not write to the register."""
WEBHOOKS: Final = "webhooks"


@dataclass(frozen=True, slots=True)
class Job:
    """A background job.

    `run` and `gave_up` are `module:function`, imported by the process of the job. Each gets an
    engine without a statement timeout, the settings, and the job's keyword arguments. It may run
    again after being killed at any point, so it first reads what is left to do. A RegistryError,
    like a kill, is retried.
    """

    name: str
    run: str
    cron: str | None = None
    """Cron schedule in UTC (00:00 in Viet Nam is 17:00 the day before). A run missed in the last
    day is made up at the next start."""
    queue: Queue = UPKEEP
    attempts: int = 3
    wait_s: int = 5
    """Delay before the second attempt; three times as long before each further one."""
    gave_up: str | None = None
    """Function called after the last attempt has failed."""


_UPLOADS: Final = "registry.submissions.work"
CHECK_IMPORT: Final = Job(
    "imports.check",
    f"{_UPLOADS}:check_import",
    queue=IMPORTS,
    gave_up=f"{_UPLOADS}:given_up",
)
PUBLISH_IMPORT: Final = Job(
    "imports.publish",
    f"{_UPLOADS}:publish_import",
    queue=PUBLICATIONS,
    gave_up=f"{_UPLOADS}:given_up",
)
ROLL_BACK_IMPORT: Final = Job(
    "imports.roll_back",
    f"{_UPLOADS}:roll_back_import",
    queue=PUBLICATIONS,
    gave_up=f"{_UPLOADS}:given_up",
)
_REFORMS: Final = "registry.reform.work"
WORK_ON_REFORM: Final = Job(
    "reforms.work", f"{_REFORMS}:work", queue=PUBLICATIONS, gave_up=f"{_REFORMS}:given_up"
)
_BATCHES: Final = "registry.publish.batch.large"
ANSWER_BATCH: Final = Job(
    "batches.answer",
    f"{_BATCHES}.work:answer",
    queue=BATCHES,
    gave_up=f"{_BATCHES}.work:given_up",
)
TELL_BATCH: Final = Job("batches.tell", f"{_BATCHES}.notify:notify", queue=WEBHOOKS)
# Readers refresh small backlogs, and enqueue this for large ones: after a large import, and at
# midnight in Viet Nam, when verifications of two years ago expire.
COUNT_COVERAGE: Final = Job(
    "coverage.count", "registry.coverage.count_cache:count", cron="*/5 * * * *"
)

# Enqueued by an event in the feed (migrations/baseline), and by a message to be sent again later.
# The schedule is for units whose effective date has come.
_WEBHOOKS: Final = "registry.publish.webhooks.delivering"
DELIVER_WEBHOOKS: Final = Job(
    "webhooks.deliver", f"{_WEBHOOKS}:deliver", cron="*/10 * * * *", queue=WEBHOOKS
)
TEST_WEBHOOK: Final = Job("webhooks.test", f"{_WEBHOOKS}:test", queue=WEBHOOKS, attempts=1)

JOBS: Final = (
    CHECK_IMPORT,
    PUBLISH_IMPORT,
    ROLL_BACK_IMPORT,
    # They also settle submissions without a job, so they run when a worker starts.
    Job("imports.clear_away", f"{_UPLOADS}:clear_away", cron="*/5 * * * *"),
    WORK_ON_REFORM,
    Job("reforms.clear_away", f"{_REFORMS}:clear_away", cron="*/5 * * * *"),
    ANSWER_BATCH,
    TELL_BATCH,
    Job("batches.clear_away", f"{_BATCHES}.work:clear_away", cron="*/5 * * * *"),
    # Writers, and readers of the feed, move events; this is for writers that were killed.
    Job("feed.move", "registry.jobs.upkeep:move_events", cron="*/10 * * * *"),
    DELIVER_WEBHOOKS,
    TEST_WEBHOOK,
    Job("webhooks.clear_away", f"{_WEBHOOKS}:clear_away", cron="35 * * * *", queue=WEBHOOKS),
    Job("map.draw", "registry.publish.drawing.refresh:keep_up", cron="*/5 * * * *"),
    COUNT_COVERAGE,
    # At 00:00 of the effective date, or after a missed day as soon as a worker runs.
    Job("reforms.carry", "registry.reform.due:carry_due", cron="*/5 * * * *"),
    # 23:50 in Viet Nam: at the end of the day.
    Job("coverage.record", "registry.coverage.series:record", cron="50 16 * * *"),
    # 01:30 in Viet Nam: after the day is recorded.
    Job("open_data.publish", "registry.publish.open_data:publish", cron="30 18 * * *"),
    Job("jobs.forget", "registry.jobs.upkeep:forget_jobs", cron="40 19 * * *"),
)

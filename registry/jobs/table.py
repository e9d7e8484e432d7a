"""Every job: the one place to add another."""

from dataclasses import dataclass
from typing import Final, Literal

Queue = Literal["upkeep", "imports", "publications", "batches", "webhooks"]
UPKEEP: Final = "upkeep"
IMPORTS: Final = "imports"
"""Dry runs of files that anybody with a key may deliver."""
PUBLICATIONS: Final = "publications"
"""What is written to the register: it never waits behind a dry run."""
BATCHES: Final = "batches"
"""Large batches of questions: they take minutes, and write nothing to the register."""
WEBHOOKS: Final = "webhooks"


@dataclass(frozen=True, slots=True)
class Job:
    """What can be done in the background.

    `run` and `gave_up` are written `module:function`, and imported by the process that does the
    job. Each gets an engine without a statement timeout, the settings, and by name what the job was
    put into the queue with. It may be run again after it was killed at any place, so it begins with
    a look at what there is to do. A RegistryError that it raises, like a kill, is tried again.
    """

    name: str
    run: str
    cron: str | None = None
    """When it is done by itself, in UTC (00:00 in Viet Nam is 17:00 the day before). One that was
    missed in the last day is made up for at the next start."""
    queue: Queue = UPKEEP
    attempts: int = 3
    wait_s: int = 5
    """Before the second attempt; three times as long before each further one."""
    gave_up: str | None = None
    """What to do when the last attempt has failed."""


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
# Readers count what is little, and ask for it when it is much: after a large import, and when the
# day begins in Viet Nam, for what was verified two years ago.
COUNT_COVERAGE: Final = Job(
    "coverage.count", "registry.coverage.count_cache:count", cron="*/5 * * * *"
)

# An event that comes into the feed puts the first into the queue (migrations/baseline), and so does
# a message that has to be sent again later. By the clock it is for units whose day has come.
_WEBHOOKS: Final = "registry.publish.webhooks.delivering"
DELIVER_WEBHOOKS: Final = Job(
    "webhooks.deliver", f"{_WEBHOOKS}:deliver", cron="*/10 * * * *", queue=WEBHOOKS
)
TEST_WEBHOOK: Final = Job("webhooks.test", f"{_WEBHOOKS}:test", queue=WEBHOOKS, attempts=1)

JOBS: Final = (
    CHECK_IMPORT,
    PUBLISH_IMPORT,
    ROLL_BACK_IMPORT,
    # They settle what lost its job as well, so they are done when a worker starts.
    Job("imports.clear_away", f"{_UPLOADS}:clear_away", cron="*/5 * * * *"),
    WORK_ON_REFORM,
    Job("reforms.clear_away", f"{_REFORMS}:clear_away", cron="*/5 * * * *"),
    ANSWER_BATCH,
    TELL_BATCH,
    Job("batches.clear_away", f"{_BATCHES}.work:clear_away", cron="*/5 * * * *"),
    # Whoever writes, or reads the feed, moves events; this is for what was killed in between.
    Job("feed.move", "registry.jobs.upkeep:move_events", cron="*/10 * * * *"),
    DELIVER_WEBHOOKS,
    TEST_WEBHOOK,
    Job("webhooks.clear_away", f"{_WEBHOOKS}:clear_away", cron="35 * * * *", queue=WEBHOOKS),
    Job("map.draw", "registry.publish.drawing.refresh:keep_up", cron="*/5 * * * *"),
    COUNT_COVERAGE,
    # At 00:00 of their day, and when a day was missed as soon as there is a worker again.
    Job("reforms.carry", "registry.reform.due:carry_due", cron="*/5 * * * *"),
    # 23:50 in Viet Nam: the day as it ends.
    Job("coverage.record", "registry.coverage.series:record", cron="50 16 * * *"),
    # 01:30 in Viet Nam: after the day is on record.
    Job("open_data.publish", "registry.publish.open_data:publish", cron="30 18 * * *"),
    Job("jobs.forget", "registry.jobs.upkeep:forget_jobs", cron="40 19 * * *"),
)

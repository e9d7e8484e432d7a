"""Rows of the members of a household: lists of residents have one for each person, not each door.

The first row of a household names its address. Those below it name it again under the same
reference, or have nothing but a name, which is never read. They are no doors, and nothing of them
is lost; counted as `skipped` and noted, they hide no row that lacks something.
"""

from registry.intake.engine import Workbench


def skip_members(bench: Workbench, *, personal: bool, of_one_commune: bool) -> int:
    """Take rows of members out of the problems, into the table `skipped`; how many there are.

    `personal`: whether the file has columns about people, which are all that a blank row may hold;
    `of_one_commune`: whether its commune was stated for all rows. Needs what `judge` and
    `skip_footers` leave.
    """
    return bench.run("judging/members.sql", personal=personal, of_one_commune=of_one_commune)

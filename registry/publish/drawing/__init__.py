"""The map: drawings made of the register by a job (`refresh`), and tiles of them (`tiles`).

`units` draws provinces and communes once for each range of zooms, `labels` chooses from which zoom
on a name is shown, `grid` counts households by cell. From zoom 15 on tiles show the households
themselves, without their codes. A restricted record is in none of it.
"""

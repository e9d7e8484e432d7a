"""Labels for clerks of operations' members and values."""

from typing import Final

from registry.core.messages import N_
from registry.core.tables.records import HOUSEHOLD, described

FIELDS: Final = {described(column).member: described(column).label for column in HOUSEHOLD.c} | {
    "reason": N_("Reason, without names of people"),
    "decision_number": N_("Number of the decision"),
    "count": N_("Number of codes to reserve"),
    "communes": N_("Codes of the communes that the street runs through"),
    "province": N_("Code of the province: every commune with a street of this name"),
    "lon": N_("Longitude"),
    "lat": N_("Latitude"),
    "locality": N_("Name of the hamlet or quarter, and what holds it"),
    "same_address": N_("Same address, and right all the same"),
    "on": N_("Day, today by default"),
    "codes": N_("Address codes"),
    "into": N_("Merged into"),
    "into_former_commune": N_("Former commune of what it is merged into"),
    "parts": N_("Table of the new dwellings"),
    "by": N_("Reserved code; a new one is issued without"),
    "numbers": N_("Table of old and new numbers"),
    "new_name": N_("New name"),
    "event_id": N_("Number of the event"),
    "accuracy_m": N_("Accuracy (metres)"),
    "note": N_("Note, without names or telephone numbers of people"),
    "seen_on": N_("Seen on"),
    "source": N_("Reported by"),
    "use": N_("What it is"),
    "name": N_("Name on the sign, without names of people"),
    "since": N_("First day"),
    "until": N_("Last day"),
}
"""Members of requests and of records."""
METHODS: Final = {
    "survey": N_("surveyed"),
    "gps": N_("GPS on the spot"),
    "imagery": N_("picked on a map or image"),
    "parcel": N_("from the cadastral map"),
    "geocoded": N_("derived from the address"),
    "interpolated": N_("derived from neighbouring houses"),
    "centroid": N_("centre of an area"),
    "unknown": N_("not known"),
}
"""Position methods."""
KINDS: Final = {
    "household": N_("dwelling"),
    "building": N_("building"),
}
"""Kinds of records."""
EFFECTS: Final = {
    "reserve": N_("Reserved codes do not come back: reserve no more than is printed."),
    "propose": N_("Nobody finds the code before an approver activates it."),
    "activate": N_("From now on the code is found, drawn on maps and counted."),
    "verify": N_("Only when somebody was there and found it as recorded."),
    "entrances": N_(
        "Entrances are shown with the code, and a caller with a position is led to the nearest."
        " The record's point is its main entrance, unless one is named here."
    ),
    "uses": N_("A door without homes has no households; names are found by searches."),
    "correct": N_("For what was recorded wrongly. A door that got another number is renumbered."),
    "renumber": N_("The old number leads to this door."),
    "merge": N_("An old code leads to the one that continues it."),
    "split": N_("The old code leads to the new ones."),
    "replace": N_("The old code leads to the new one."),
    "undo": N_("What nobody changed since is as before. History keeps both."),
    "retire": N_("Lookups of the code say so. It is never given to another door."),
    "reinstate": N_("The code is found again; those that continued it stay as they are."),
    **dict.fromkeys(
        ("rename-street", "rename-locality"), N_("The former name still leads to the doors.")
    ),
    **dict.fromkeys(
        ("merge-street", "merge-locality"),
        N_("The former name with its numbers still leads to the doors."),
    ),
    **dict.fromkeys(
        ("renumber-street", "renumber-locality"),
        N_(
            "An old number still leads to the door that had it. If another door has it now, it"
            " leads to both, and the caller chooses."
        ),
    ),
}
"""Effects of an operation on holders of the code or name."""

"""A carrier's route: a list of codes or addresses, in the order in which it is walked.

`listing` reads the list, `placing` finds its doors, `walking` orders them as the street numbers
run, `shortest` as the shortest way does, over `distances` in straight lines or over the times of a
`routing_server`. `run` tells the story; `outputs` and `registry.publish.paper.routes` write it
down. Nothing of a list is kept.
"""

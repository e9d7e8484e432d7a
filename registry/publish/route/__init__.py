"""A carrier's route: a list of codes or addresses in delivery order.

`listing` reads the list, `placing` finds its doors, `walking` orders them along street numbers,
`shortest` by the shortest way, with `distances` in straight lines or times of a `routing_server`.
`run` is the entry point; `outputs` and `registry.publish.paper.routes` write the result. Nothing of
a list is stored.
"""

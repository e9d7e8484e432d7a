"""From candidates to answers: ranking, faults, verdicts and questions."""

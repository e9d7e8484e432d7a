"""Who may do what: keys and their roles, units and budgets, and the record of their use."""

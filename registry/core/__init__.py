"""What every room may use: locks of the database, and the description of its tables."""

"""Find the problems of each row, and propose fixes."""

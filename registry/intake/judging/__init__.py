"""What is wrong with each row, in codes and words, and what would be right."""

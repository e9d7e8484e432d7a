"""What was decided, written to the register, and taken back."""

"""What one cell says, be it of a header or of a row: nothing here knows a file or the register."""

"""Files of tables and maps: how they are read, written and recognised."""

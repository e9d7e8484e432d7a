"""Files of tables and maps: reading, writing and recognising them."""

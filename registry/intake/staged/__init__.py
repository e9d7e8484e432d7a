"""From a file's rows to the tables of an import, each spelling resolved once."""

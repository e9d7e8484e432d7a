"""Load a file's rows into the tables of an import; each spelling is resolved once."""

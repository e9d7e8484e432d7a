"""Where the register runs: files for operators, and the kit for more than one machine."""

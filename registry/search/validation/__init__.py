"""The stages of a validation: what was given, what the register knows, what is to be asked."""

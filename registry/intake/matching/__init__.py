"""Match rows with the register: known, linked, similar, vanished or new doors."""

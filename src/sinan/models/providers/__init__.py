"""One file per provider: its address, its key and its quirks."""

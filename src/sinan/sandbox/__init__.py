"""Floor 1: runs code that nobody trusts, or refuses to."""

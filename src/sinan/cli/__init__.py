"""Floor 6: the command line. One file per command; it decides nothing, it asks the rooms below and prints."""

"""What the site answers, one file a subject; each holds a `router`, found by its name."""

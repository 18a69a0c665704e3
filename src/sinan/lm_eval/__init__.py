"""Floor 3, below the catalogue: task files of lm-evaluation-harness, read into benchmarks as they are."""

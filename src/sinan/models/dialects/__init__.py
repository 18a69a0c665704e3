"""Wire formats: pure functions between the nouns and JSON, without any I/O."""

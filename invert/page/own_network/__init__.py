"""One's own network: read in a process of its own, held for its session."""

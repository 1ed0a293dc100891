"""A network that one brings: read in a process of its own, held for its session."""

"""Whether the frozen graph answers as its source does."""

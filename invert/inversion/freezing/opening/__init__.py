"""One module a kind of file: what it is, and how it is opened without running any of it."""

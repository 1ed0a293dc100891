"""Which operations a file may hold, and how much they may compute."""

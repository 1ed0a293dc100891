"""Networks among other files: in a zip archive, or in a folder."""

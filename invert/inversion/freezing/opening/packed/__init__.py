"""Networks among other files: in a zip archive, in a folder, or in two files."""

"""Pieces of the page: markup, charts, sheets of images, downloads, the program."""

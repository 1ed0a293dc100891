"""Labelled pictures, several at once: how many are read right, and what is taken for what."""

"""The sample networks of the page, and what they are tried with."""

"""What stands around the panels: HTML head, heading, tabs, the story."""

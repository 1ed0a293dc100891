"""What one draws on, and what is read while one draws."""

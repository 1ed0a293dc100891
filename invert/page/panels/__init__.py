"""One panel a tab."""

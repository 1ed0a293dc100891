"""From a graph with functions, branches and variables to plain arithmetic of a known size."""

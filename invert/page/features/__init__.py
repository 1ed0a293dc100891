"""A network of features on the page: its table of inputs, and the inputs that give a value."""

"""How good the methods are: the score of a set of images, and the table of all methods."""

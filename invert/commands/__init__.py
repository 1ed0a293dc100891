"""One command a module: ``add`` says what it may be told, ``run`` does it."""

"""One recipe a module; ``python -m invert.training NAME`` runs it."""

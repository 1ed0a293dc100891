"""Rewrite what Keras 2 wrote as Keras 3 understands it, so that it computes what Keras 2 did."""

"""Models of tensorflow.js: a description in JSON, and weights in plain files beside it."""

"""The plan, for any network: freeze it, make M, put M in its input's place, learn M.

1. ``freezing``: a network becomes a graph of constants with one open input.
2. ``learning``: M is a new ``tf.Variable`` of the input's shape.
3. ``substitution``: M takes the input's place.
4. ``learning``: M is learned, all steps in one compiled loop, with what ``priors`` know of images.

Nothing here imports anything of this package outside this folder, or knows what a digit is.
"""

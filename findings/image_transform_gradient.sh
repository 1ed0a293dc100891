#!/usr/bin/env bash
# An image transform is linear, so its gradient is its transpose. That of TensorFlow's
# ImageProjectiveTransformV3 is another for a turn, for an enlargement and for mirrored borders.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder"
"$folder/bin/pip" install -q --no-compile tensorflow==2.21.0 keras==3.15.1 numpy==2.4.6
cd "$folder"
export TF_CPP_MIN_LOG_LEVEL=3
bin/python - <<'PY'
import math

import numpy as np
import tensorflow as tf

SIDE = 12
UNITS = np.eye(SIDE * SIDE, dtype=np.float32).reshape(-1, SIDE, SIDE, 1)


def about_the_middle(a, b, c, d):
    middle = (SIDE - 1) / 2
    return [a, b, middle * (1 - a - b), c, d, middle * (1 - c - d), 0, 0]


def transformed(images, matrix, border):
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=images,
        transforms=tf.constant([matrix], tf.float32),
        output_shape=[SIDE, SIDE],
        fill_value=0.0,
        interpolation="BILINEAR",
        fill_mode=border,
    )


def error(matrix, border):
    """How far the gradient of ⟨transformed image, seen⟩ is from the transpose's product."""
    seen = np.random.default_rng(0).normal(size=(1, SIDE, SIDE, 1)).astype(np.float32)
    columns = transformed(tf.constant(UNITS), matrix, border).numpy().reshape(len(UNITS), -1)
    want = columns @ seen.ravel()
    image = tf.zeros((1, SIDE, SIDE, 1))
    with tf.GradientTape() as tape:
        tape.watch(image)
        product = tf.reduce_sum(transformed(image, matrix, border) * seen)
    got = tape.gradient(product, image).numpy().ravel()
    return np.linalg.norm(got - want) / np.linalg.norm(want)


cos, sin = math.cos(math.radians(30)), math.sin(math.radians(30))
shift = [1, 0, 1.5, 0, 1, 0, 0, 0]
errors = {
    "shift by 1.5": error(shift, "CONSTANT"),
    "turn by 30°": error(about_the_middle(cos, -sin, sin, cos), "CONSTANT"),
    "enlarged twice": error(about_the_middle(0.5, 0, 0, 0.5), "CONSTANT"),
    "shift by 1.5, mirrored borders": error(shift, "REFLECT"),
}
print(f"TensorFlow {tf.__version__}")
print("expected: a relative error of 0 in each row, as for the shift")
for name, found in errors.items():
    print(f"seen: {found:.2f} {name}")
first, *others = errors.values()
raise SystemExit(not (first < 1e-5 and min(others) > 0.05))
PY

#!/usr/bin/env bash
# The gradient of tf.where(x > 0, tf.sqrt(x), 0) at 0 is 0 by TensorFlow's own kernels, which
# take 0 · ∞ for 0 there, and NaN once XLA compiles the same function.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder"
"$folder/bin/pip" install -q --no-compile tensorflow==2.21.0 keras==3.15.1 numpy==2.4.6
cd "$folder"
export TF_CPP_MIN_LOG_LEVEL=3
bin/python - <<'PY'
import math

import tensorflow as tf


def slope(x):
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.where(x > 0, tf.sqrt(x), 0.0)
    return tape.gradient(y, x)


x = tf.constant([0.0, 4.0])
kernels = slope(x).numpy().tolist()
by_xla = tf.function(slope, jit_compile=True)(x).numpy().tolist()
print(f"TensorFlow {tf.__version__}")
print("expected: the same gradient at 0 and 4 either way")
print(f"seen: {kernels} by kernels, {by_xla} by XLA")
same = kernels == [0.0, 0.25] and by_xla[1] == 0.25 and math.isnan(by_xla[0])
raise SystemExit(not same)
PY

#!/usr/bin/env bash
# tf.random.stateless_uniform promises the same numbers for the same seed on the same hardware.
# Compiled by XLA it draws others, unless it is told alg="philox". Whole numbers stay the same.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder"
"$folder/bin/pip" install -q --no-compile tensorflow==2.21.0 keras==3.15.1 numpy==2.4.6
cd "$folder"
export TF_CPP_MIN_LOG_LEVEL=3
bin/python - <<'PY'
import tensorflow as tf

SEED = (1, 2)


def agree(draw):
    """Whether a function draws the same as it is and compiled by XLA."""
    return bool(tf.reduce_all(draw() == tf.function(draw, jit_compile=True)()))


same = {
    "floats": agree(lambda: tf.random.stateless_uniform((4,), SEED)),
    "normal floats": agree(lambda: tf.random.stateless_normal((4,), SEED)),
    "whole numbers": agree(
        lambda: tf.random.stateless_uniform((4,), SEED, 0, 1000, dtype=tf.int32)
    ),
    'floats by alg="philox"': agree(
        lambda: tf.random.stateless_uniform((4,), SEED, alg="philox")
    ),
    'normal floats by alg="philox"': agree(
        lambda: tf.random.stateless_normal((4,), SEED, alg="philox")
    ),
}
print(f"TensorFlow {tf.__version__}")
print("expected: the same numbers with and without jit_compile, in each row")
for name, found in same.items():
    print(f"seen: {'the same' if found else 'others'} {name}")
raise SystemExit(list(same.values()) != [False, False, True, True, True])
PY

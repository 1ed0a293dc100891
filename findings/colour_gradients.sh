#!/usr/bin/env bash
# Of the colour functions of tf.image, rgb_to_hsv has a gradient, its inverse hsv_to_rgb has none
# and does not say so, and adjust_hue, adjust_saturation and adjust_contrast raise.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder"
"$folder/bin/pip" install -q --no-compile tensorflow==2.21.0 keras==3.15.1 numpy==2.4.6
cd "$folder"
export TF_CPP_MIN_LOG_LEVEL=3
bin/python - <<'PY'
import tensorflow as tf

PIXEL = tf.constant([[[[0.2, 0.5, 0.7]]]])


def outcome(function):
    with tf.GradientTape() as tape:
        tape.watch(PIXEL)
        result = function(PIXEL)
    try:
        gradient = tape.gradient(result, PIXEL)
    except LookupError:
        return "LookupError"
    return "None" if gradient is None else "a gradient"


seen = {
    "rgb_to_hsv": outcome(tf.image.rgb_to_hsv),
    "hsv_to_rgb": outcome(tf.image.hsv_to_rgb),
    "adjust_hue": outcome(lambda x: tf.image.adjust_hue(x, 0.1)),
    "adjust_saturation": outcome(lambda x: tf.image.adjust_saturation(x, 1.5)),
    "adjust_contrast": outcome(lambda x: tf.image.adjust_contrast(x, 1.5)),
}
print(f"TensorFlow {tf.__version__}")
print("expected: a gradient of each, for each is smooth here; or an error from each that has none")
for name, found in seen.items():
    print(f"seen: {found} of {name}")
raise SystemExit(list(seen.values()) != ["a gradient", "None", *3 * ["LookupError"]])
PY

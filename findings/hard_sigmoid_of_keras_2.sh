#!/usr/bin/env bash
# Keras 2 wrote hard_sigmoid for 0.2x + 0.5, Keras 3 reads the same name as x/6 + 0.5. A model of
# Keras 2 is loaded without a word and answers otherwise.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder"
"$folder/bin/pip" install -q --no-compile tensorflow==2.21.0 keras==3.15.1 numpy==2.4.6 tf_keras==2.21.0
cd "$folder"
export TF_CPP_MIN_LOG_LEVEL=3
bin/python - <<'PY'
import warnings

import keras
import numpy as np
import tensorflow as tf
import tf_keras

warnings.simplefilter("error")
x = np.float32([[-2.0], [0.0], [1.0], [2.0]])
layer = tf_keras.layers.Activation("hard_sigmoid")
before = tf_keras.Sequential([tf_keras.layers.InputLayer((1,)), layer])
with warnings.catch_warnings(action="ignore"):  # that HDF5 is an old format
    before.save("model.h5")
after = keras.models.load_model("model.h5", compile=False)
wrote, reads = (model(x).numpy().ravel() for model in (before, after))
print(f"TensorFlow {tf.__version__}, tf_keras {tf_keras.__version__}, Keras {keras.__version__}")
expected, seen = ([f"{value:.4f}" for value in values] for values in (wrote, reads))
print(f"expected: {expected} at {x.ravel().tolist()}, as the model that was saved")
print(f"seen: {seen}, without a warning")
inner = x.ravel()
stated = np.allclose(wrote, 0.2 * inner + 0.5) and np.allclose(reads, inner / 6 + 0.5)
raise SystemExit(not stated)
PY

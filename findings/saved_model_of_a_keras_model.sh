#!/usr/bin/env bash
# tf.saved_model.save writes a Keras 3 model with two operations for each variable: one that is
# restored, and another that the signature reads. What loads a SavedModel by its graph, as
# TensorFlow Serving does, finds no values; model.export writes a folder that it can load.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder"
"$folder/bin/pip" install -q --no-compile tensorflow==2.21.0 keras==3.15.1 numpy==2.4.6
cd "$folder"
export TF_CPP_MIN_LOG_LEVEL=3
bin/python - <<'PY'
import keras
import numpy as np
import tensorflow as tf

model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
tf.saved_model.save(model, "saved")
model.export("exported", verbose=False)
x = np.ones((1, 4), np.float32)
want = model(x).numpy()


def answer(folder):
    """What a session answers that has loaded the folder."""
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        loaded = tf.compat.v1.saved_model.load(session, ["serve"], folder)
        signature = loaded.signature_def["serving_default"]
        (given,), (taken,) = signature.inputs.values(), signature.outputs.values()
        try:
            return session.run(taken.name, {given.name: x})
        except tf.errors.FailedPreconditionError as error:
            return next(line for line in str(error).splitlines() if "Could not find" in line)


saved, exported = answer("saved"), answer("exported")
print(f"TensorFlow {tf.__version__}, Keras {keras.__version__}")
print(f"expected: {want.tolist()} from both folders; exported: {exported.tolist()}")
print(f"seen of tf.saved_model.save: {str(saved)[:80]}")
stated = np.allclose(exported, want) and "Could not find variable" in str(saved)
raise SystemExit(not stated)
PY

#!/usr/bin/env bash
# In a graph traced from a Keras 3 model no operation carries its layer's own name: "c1" is "c1_1",
# in the first trace too, for the scope was opened when the model was built. Keras 2 names it "c1".
# Whoever looks for a layer's output in a frozen graph by the layer's name finds nothing.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder"
"$folder/bin/pip" install -q --no-compile tensorflow==2.21.0 keras==3.15.1 tf_keras==2.21.0 numpy==2.4.6
cd "$folder"
export TF_CPP_MIN_LOG_LEVEL=3
bin/python - <<'PY'
import keras
import tensorflow as tf
import tf_keras


def named(library):
    """The layers' products, as a graph of their model names them."""
    layers = library.layers
    stack = [layers.Input((4,)), layers.Dense(3, name="c1"), layers.Dense(2, name="c2")]
    model = library.Sequential(stack)
    traced = tf.function(lambda x: model(x)).get_concrete_function(tf.TensorSpec((None, 4)))
    nodes = traced.graph.as_graph_def().node
    return [node.name.split("/")[-2] for node in nodes if node.op == "MatMul"]


old, new = named(tf_keras), named(keras)
print(f"TensorFlow {tf.__version__}, Keras {keras.__version__}, tf_keras {tf_keras.__version__}")
print(f"expected: ['c1', 'c2'], as by tf_keras: {old}")
print(f"seen by Keras 3: {new}")
stated = old == ["c1", "c2"] and new == ["c1_1", "c2_1"]
raise SystemExit(not stated)
PY

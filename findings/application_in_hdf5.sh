#!/usr/bin/env bash
# Keras 3 writes its own ConvNeXt to an .h5 file that it cannot read again. Its layer LayerScale is no
# public one: a .keras file names the module it is in, an .h5 file its class alone, which is unknown.
# The .h5 file is taken by whoever looks such layers up in keras.src.applications.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder"
"$folder/bin/pip" install -q --no-compile tensorflow==2.21.0 keras==3.15.1 numpy==2.4.6
cd "$folder"
export TF_CPP_MIN_LOG_LEVEL=3
bin/python - <<'PY'
import keras


def read_again(ending):
    build = keras.applications.ConvNeXtTiny
    build(weights=None, input_shape=(32, 32, 3), classes=2).save(f"model.{ending}")
    try:
        keras.models.load_model(f"model.{ending}", compile=False)
    except ValueError as error:
        return str(error).split(". ")[0]
    return "read"


seen = {ending: read_again(ending) for ending in ("keras", "h5")}
print(f"Keras {keras.__version__}")
print("expected: both kinds of file are read by the Keras that wrote them")
print(f"seen: {seen}")
raise SystemExit(seen != {"keras": "read", "h5": "Unknown layer: 'LayerScale'"})
PY

"""How the layers of a functional model are joined, rewritten from Keras 2's form to Keras 3's.

Keras 2 counts the calls of a model within a model from 1, for the first call was made when it was
built; it writes a lone input or output as a list of one; and it allows "/" in names.
"""

from typing import Any

CONSTANT = "_CONSTANT_VALUE"  # stands in the place of a layer's name
TENSOR = {"class_name": "__keras_tensor__"}


def rewired(config: dict, models: frozenset[str]) -> dict:
    """Return the description of a functional model, joined as in Keras 3.

    Args:
        config: its layers, inputs and outputs, as Keras 2 wrote them.
        models: which kinds of layers are models themselves.
    """
    layers = [layer for layer in config["layers"] if isinstance(layer, dict)]
    wiring = _Wiring(layers, models)
    made = []
    for layer in layers:
        name = wiring.names[layer.get("name")]
        nodes = [wiring.node(node) for node in layer.get("inbound_nodes") or ()]
        inner = layer.get("config")
        inner = {**inner, "name": name} if isinstance(inner, dict) else inner
        made.append({**layer, "name": name, "config": inner, "inbound_nodes": nodes})
    ends = {key: wiring.ends(config.get(key)) for key in ("input_layers", "output_layers")}
    return {**config, "layers": made, **ends}


class _Wiring:
    def __init__(self, layers: list[dict], models: frozenset[str]):
        self.names: dict[Any, str] = {}
        for layer in layers:
            name = str(layer.get("name")).replace("/", "_")
            while name in self.names.values():
                name += "_"
            self.names[layer.get("name")] = name
        self._kinds = {
            layer.get("name"): layer.get("class_name")
            for layer in layers
            if layer.get("class_name") in models
        }

    def node(self, node):
        """One call of a layer."""
        if not isinstance(node, list) or not node:
            return node
        if isinstance(node[0], list):
            tensors = [self._argument(part[:3]) for part in node]
            others = node[0][3] if len(node[0]) > 3 else {}
            first = tensors[0] if len(tensors) == 1 else tensors
        else:  # of a function, whose first argument may be a number
            first, others = self._argument(node[:3]), node[3] if len(node) > 3 else {}
        kept = {key: self._argument(value) for key, value in others.items() if key != "name"}
        if not isinstance(first, dict | list):  # Keras 3 takes a number by name alone
            return {"args": [], "kwargs": {"first": first, **kept}}
        return {"args": [first], "kwargs": kept}

    def ends(self, ends):
        """The inputs or outputs of the model."""
        if isinstance(ends, list) and ends and all(self._is_place(end) for end in ends):
            ends = [self._place(end, as_an_end=True) for end in ends]
            return ends[0] if len(ends) == 1 else ends
        return self._place(ends, as_an_end=True) if self._is_place(ends) else ends

    def _argument(self, value):
        if self._is_place(value):
            history = self._place(value)
            return {**TENSOR, "config": {"shape": [], "dtype": "float32", "keras_history": history}}
        if isinstance(value, list) and len(value) == 3 and value[0] == CONSTANT:
            return value[2]
        if isinstance(value, list):
            return [self._argument(part) for part in value]
        return value

    def _place(self, place: list, as_an_end: bool = False) -> list:
        name, call, index = place
        kind = self._kinds.get(name)
        # For a model's own ends Keras 3 subtracts the 1 itself, except for a Sequential's.
        if kind is not None and not (as_an_end and kind != "Sequential"):
            call = max(call - 1, 0)
        return [self.names[name], call, index]

    def _is_place(self, value) -> bool:
        if not isinstance(value, list) or len(value) != 3 or not isinstance(value[0], str):
            return False
        return value[0] in self.names and all(isinstance(number, int) for number in value[1:])

"""Lists of tensors, in which recurrent layers keep what they read and write.

In a graph whose loops have been written out, every index is known, and a list is no more than its
tensors.
"""

import numpy as np

from invert.inversion.freezing.flattening.flat import Flat, Ref
from invert.inversion.freezing.flattening.values import List
from invert.inversion.freezing.gate.operations import names
from invert.inversion.freezing.refusal import Refusal

OPERATIONS = names(
    "TensorListFromTensor TensorListGetItem TensorListLength TensorListReserve TensorListSetItem"
    " TensorListStack"
)
MAX_LENGTH = 4096


def outputs(flat: Flat, name: str, node, inputs: list) -> list:
    """What an operation on lists returns, for lists and tensors of ``flat``."""
    if node.op == "TensorListReserve":
        length = _known(flat, inputs[1], node, MAX_LENGTH)
        return [List((None,) * length)]
    first = inputs[0]
    if node.op == "TensorListFromTensor":
        shape = flat.shape(_tensor(first, node))
        if not shape or shape[0] > MAX_LENGTH:
            raise Refusal(f"The network's list at {node.name[:80]!r} is too long.")
        attributes = {"num": shape[0], "axis": 0, "T": flat.dtype(first)}
        return [List(tuple(flat.compute("Unpack", name, [first], **attributes)))]
    if not isinstance(first, List):
        raise Refusal(f"The network's operation {node.name[:80]!r} ({node.op}) is given no list.")
    if node.op == "TensorListLength":
        return [flat.constant(name, np.int32(len(first.items)))]
    if node.op == "TensorListStack":
        if not first.items:
            raise Refusal(f"The network stacks an empty list at {node.name[:80]!r}.")
        items = [_tensor(item, node) for item in first.items]
        attributes = {"N": len(items), "axis": 0, "T": flat.dtype(items[0])}
        return flat.compute("Pack", name, items, **attributes)
    index = _known(flat, inputs[1], node, len(first.items) - 1)
    if node.op == "TensorListGetItem":
        return [_tensor(first.items[index], node)]
    changed = list(first.items)
    changed[index] = _tensor(inputs[2], node)
    return [List(tuple(changed))]


def _known(flat: Flat, ref, node, most: int) -> int:
    value = flat.known(_tensor(ref, node))
    if value is None or value.size != 1 or not 0 <= int(value.item()) <= most:
        raise Refusal(f"The network's list at {node.name[:80]!r} has no length that can be told.")
    return int(value.item())


def _tensor(item, node) -> Ref:
    if not isinstance(item, str):
        raise Refusal(f"The network reads a list at {node.name[:80]!r} before it is filled.")
    return item

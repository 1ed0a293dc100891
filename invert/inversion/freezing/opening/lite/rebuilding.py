"""Rebuild the graph of a ``.tflite`` file as a ``GraphDef``, one operation after the other."""

import re
from pathlib import Path

import numpy as np
import tensorflow as tf

from invert.inversion.freezing.gate import entry
from invert.inversion.freezing.names_in_graphs import UniqueNames
from invert.inversion.freezing.opening.file_sizes import read
from invert.inversion.freezing.opening.lite import flatbuffer
from invert.inversion.freezing.opening.lite.flatbuffer import Lite, Operation, Tensor
from invert.inversion.freezing.opening.lite.translations import REBUILT
from invert.inversion.freezing.refusal import Refusal, listed
from invert.inversion.freezing.source import Source

NO_NAME = re.compile(r"[^A-Za-z0-9_./-]")
SMALL_WHOLE = (np.int8, np.uint8, np.int16)


def open_file(path: Path) -> Source:
    """Open a LiteRT model of floating-point numbers.

    Its weights may be float16, or whole numbers with scales. These are read as the numbers that
    they stand for.

    Raises:
        Refusal: it is damaged, it computes with whole numbers, or holds an operation that is not
            rebuilt.
    """
    lite = flatbuffer.parse(read(path))
    _check_kinds(lite)
    graph = Rebuilt(lite)
    for operation in lite.operations:
        graph.add(operation)
    entry.check(graph.graph_def)

    def no_value(name: str):
        raise Refusal(f"The LiteRT file has no variable {name[:80]!r}.")

    def named(numbers) -> dict[str, str]:
        return {lite.tensors[k].name or str(k): f"{graph.ref(k)}:0" for k in numbers}

    return Source(
        path.name, graph.graph_def, no_value, inputs=named(lite.inputs), outputs=named(lite.outputs)
    )


def _check_kinds(lite: Lite) -> None:
    """Refuse a file with operations that cannot be rebuilt, before any is rebuilt."""
    computed = {k for operation in lite.operations for k in operation.outputs}
    for k in (*lite.inputs, *computed):
        tensor = lite.tensors[k]
        if tensor.dtype in SMALL_WHOLE and (tensor.is_scaled or k in computed):
            raise Refusal(
                f"The LiteRT model computes with whole numbers ({tensor.type_name}, at"
                f" {tensor.name[:80]!r}), which have no gradient. Convert the model without"
                " quantising it, or with its weights quantised alone."
            )
    unknown = sorted({operation.kind for operation in lite.operations} - REBUILT.keys())
    if unknown:
        raise Refusal(
            f"The LiteRT model holds the operations {listed(unknown, 6)}, which are not rebuilt."
            " Give the model that it was made of."
        )


class Rebuilt:
    """The growing graph."""

    def __init__(self, lite: Lite):
        self.graph_def = tf.compat.v1.GraphDef()
        self.graph_def.versions.producer = tf.version.GRAPH_DEF_VERSION
        self._lite = lite
        self._refs: dict[int, str] = {}
        self._same: dict[int, int] = {}
        self._unique = UniqueNames()
        self._values = 0
        self._base = ""
        for k in lite.inputs:
            tensor = lite.tensors[k]
            sides = [side if side >= 0 else None for side in tensor.shape]
            self._refs[k] = self._unique(_clean(tensor.name))
            node = self.graph_def.node.add(name=self._refs[k], op="Placeholder")
            node.attr["dtype"].type = self._type(tensor).as_datatype_enum
            node.attr["shape"].shape.CopyFrom(tf.TensorShape(sides).as_proto())

    def add(self, operation: Operation) -> None:
        """Rebuild an operation, and note where its outputs are."""
        if not operation.outputs:
            raise Refusal(f"The LiteRT file's operation {operation.kind} has no output.")
        self._base = _clean(self._lite.tensors[operation.outputs[0]].name)
        try:
            outputs = REBUILT[operation.kind](self, operation)
        except IndexError as error:
            raise Refusal(
                f"The LiteRT file's operation {operation.kind} has {len(operation.inputs)} inputs,"
                " which are too few."
            ) from error
        outputs = [outputs] if isinstance(outputs, str) else outputs
        self._refs.update(zip(operation.outputs, outputs, strict=False))

    def node(self, op: str, inputs, dtype: tf.DType | None = tf.float32, **attributes) -> str:
        """Add an operation of TensorFlow; return its name, which is that of its first output.

        Args:
            op: its kind.
            inputs: names of tensors in the graph.
            dtype: its type T; None for one that has none.
            **attributes: its other attributes.
        """
        name = self._unique(f"{self._base}/{op}")
        node = self.graph_def.node.add(name=name, op=op, input=inputs)
        for key, value in {**({} if dtype is None else {"T": dtype}), **attributes}.items():
            _set(node.attr[key], value)
        return name

    def ref(self, number: int) -> str:
        """The name of a tensor in the graph; a constant is put into it when it is first used."""
        if number not in self._refs:
            self._refs[number] = self.constant(self.value(number))
        return self._refs[number]

    def refs(self, operation: Operation) -> list[str]:
        """The names of all inputs of an operation."""
        return [self.ref(number) for number in operation.inputs]

    def given(self, operation: Operation, place: int) -> bool:
        """Whether an operation has an input that may be left out."""
        return place < len(operation.inputs) and operation.inputs[place] >= 0

    def tensor(self, number: int) -> Tensor:
        """What the file says of a tensor."""
        if number < 0:
            raise IndexError(number)
        return self._lite.tensors[self._same.get(number, number)]

    def equate(self, number: int, other: int) -> None:
        """Make a tensor stand for another, which is known already."""
        self._same[number] = self._same.get(other, other)

    def dtype(self, number: int) -> tf.DType:
        """The type of a tensor in the graph: weights in few bits are float32."""
        return self._type(self.tensor(number))

    def is_constant(self, number: int) -> bool:
        """Whether a tensor's value is in the file."""
        return self.tensor(number).held is not None

    def value(self, number: int) -> np.ndarray:
        """The value of a constant, as the numbers that it stands for."""
        tensor = self.tensor(number)
        self._values += tensor.size
        if self._values > entry.MAX_VALUES:
            raise Refusal(
                f"The LiteRT model's constants take over {entry.MAX_VALUES:,} values. That is more"
                " than is allowed."
            )
        kind = self._type(tensor)
        if tensor.held is None or min(tensor.shape, default=1) < 0:
            raise Refusal(
                f"The LiteRT model uses a tensor {tensor.name[:80]!r} that has no value yet."
            )
        held = np.dtype(tensor.dtype)
        if tensor.held.size != tensor.size * held.itemsize:
            raise Refusal(
                f"The LiteRT file holds {tensor.held.size:,} bytes for the tensor"
                f" {tensor.name[:80]!r} of the shape {tensor.shape}."
            )
        value = tensor.held.view(held.newbyteorder("<")).reshape(tensor.shape)
        if tensor.dtype in SMALL_WHOLE and tensor.is_scaled:
            self._values += tensor.quantization.ScaleLength()
            return _as_numbers(tensor, value)
        return value.astype(kind.as_numpy_dtype)

    def constant(self, value) -> str:
        """Add a constant."""
        value = np.asarray(value)
        name = self._unique(f"{self._base or 'lite'}/constant")
        node = self.graph_def.node.add(name=name, op="Const")
        node.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(value))
        node.attr["dtype"].type = node.attr["value"].tensor.dtype
        return name

    def whole(self, value) -> str:
        """Add a constant of whole numbers, such as a shape."""
        return self.constant(np.asarray(value, np.int32))

    def _type(self, tensor: Tensor) -> tf.DType:
        if tensor.dtype is None:
            raise Refusal(
                f"The LiteRT model's tensor {tensor.name[:80]!r} is of the type"
                f" {tensor.type_name}, which is not read."
            )
        few_bits = tensor.dtype == np.float16 or (tensor.dtype in SMALL_WHOLE and tensor.is_scaled)
        return tf.float32 if few_bits else tf.as_dtype(tensor.dtype)


def _as_numbers(tensor: Tensor, value: np.ndarray) -> np.ndarray:
    """What whole numbers stand for, float32."""
    scales, zeros, axis = tensor.scaling()
    zeros = zeros if len(zeros) else np.zeros(len(scales), np.int64)
    fits = len(scales) == 1 or (0 <= axis < value.ndim and value.shape[axis] == len(scales))
    if not fits or len(zeros) not in (1, len(scales)):
        raise Refusal(
            f"The LiteRT file has {len(scales):,} scales for the tensor {tensor.name[:80]!r} of the"
            f" shape {tensor.shape}."
        )
    if len(scales) > 1:
        sides = [1] * value.ndim
        sides[axis] = -1
        scales = scales.reshape(sides)
        zeros = zeros.reshape(sides) if len(zeros) > 1 else zeros
    return ((value.astype(np.int32) - zeros) * scales).astype(np.float32)


def _clean(name: str) -> str:
    """A name as a graph may have it. Fused layers are named after the first of them."""
    cleaned = NO_NAME.sub("_", name.split(";")[0])
    return cleaned if cleaned[:1].isalnum() else f"lite/{cleaned.lstrip('_./-') or 'tensor'}"


def _set(attribute, value) -> None:
    if isinstance(value, tf.DType):
        attribute.type = value.as_datatype_enum
    elif isinstance(value, bool):
        attribute.b = value
    elif isinstance(value, int):
        attribute.i = value
    elif isinstance(value, float):
        attribute.f = value
    elif isinstance(value, str):
        attribute.s = value.encode()
    else:
        attribute.list.i.extend(value)

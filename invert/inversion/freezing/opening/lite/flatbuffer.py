"""Read a ``.tflite`` file, a flatbuffer: every length is looked at before anything is read.

A flatbuffer is tables that point at each other. Any number in it may be wrong, so that a vector may
claim to be gigabytes long, and a thousand tables may be the same one. The schema ships with
TensorFlow (tensorflow/lite/schema/schema.fbs).
"""

import dataclasses
import math
import struct
from typing import Any

import numpy as np
from tensorflow.lite.python import schema_py_generated as schema

from invert.inversion.freezing.refusal import Refusal, listed, shortened

MAX_OPERATIONS = 10_000
MAX_TENSORS = 50_000
MAX_CODES = 1000
MAX_ENDS = 1000  # inputs or outputs of an operation
MAX_LINKS = 100_000  # of all operations together
MAX_SIDES = 8
MAX_SCALES = 2**16
MAX_NAME = 500
TYPES = {
    schema.TensorType.FLOAT32: np.float32,
    schema.TensorType.FLOAT16: np.float16,
    schema.TensorType.FLOAT64: np.float64,
    schema.TensorType.INT8: np.int8,
    schema.TensorType.UINT8: np.uint8,
    schema.TensorType.INT16: np.int16,
    schema.TensorType.INT32: np.int32,
    schema.TensorType.INT64: np.int64,
    schema.TensorType.BOOL: np.bool_,
}
NAME_OF_TENSOR, NAME_OF_CODE = 10, 6  # places in the tables of a tensor and of a code


def _names_of(kind: type) -> dict[int, str]:
    """The names of an enumeration's values."""
    return {value: name for name, value in vars(kind).items() if isinstance(value, int)}


OPERATIONS = _names_of(schema.BuiltinOperator)
OPTIONS = _names_of(schema.BuiltinOptions)
TYPE_NAMES = _names_of(schema.TensorType)


@dataclasses.dataclass(frozen=True)
class Tensor:
    """What a file says of a tensor.

    Attributes:
        name: as the file has it.
        shape: with -1 for what may be any.
        dtype: of NumPy; None for one that is not read.
        type_name: its type in the schema.
        held: the bytes of its value, if it is a constant.
        is_scaled: whether its whole numbers stand for others.
        quantization: the table that says which, or None.
    """

    name: str
    shape: tuple[int, ...]
    dtype: type | None
    type_name: str
    held: np.ndarray | None
    is_scaled: bool
    quantization: Any

    @property
    def size(self) -> int:
        """How many values it has, if it is a constant."""
        return math.prod(self.shape)

    def scaling(self) -> tuple[np.ndarray, np.ndarray, int]:
        """How whole numbers stand for others: by (number − zero) · scale.

        Returns:
            Scales, float32; zeros, int64; and an axis: there is one of each, or one for each place
            along the axis.
        """
        table = self.quantization
        scales = np.array(_numbers(table, "Scale", MAX_SCALES), np.float32)
        zeros = np.array(_numbers(table, "ZeroPoint", MAX_SCALES), np.int64)
        return scales, zeros, table.QuantizedDimension()


@dataclasses.dataclass(frozen=True)
class Operation:
    """What a file says of an operation.

    Attributes:
        kind: its name in the schema, such as ``"CONV_2D"``.
        inputs: numbers of tensors; -1 for one that is left out.
        outputs: likewise.
        options_kind: the name of its options' table.
        options: that table, to be read field by field.
    """

    kind: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options_kind: str
    options: Any

    def option(self, kind: str, field: str, default: Any = 0) -> Any:
        """A field of the options; the default, where the file holds no such table."""
        if self.options_kind != kind:
            return default
        table = getattr(schema, kind)()
        try:
            table.Init(self.options.Bytes, self.options.Pos)
            return getattr(table, field)()
        except (TypeError, ValueError, struct.error) as error:  # a place outside the file
            raise Refusal(f"The file is damaged: {field} of {self.kind} cannot be read.") from error

    def numbers(self, kind: str, field: str) -> list[int]:
        """A list of numbers in the options."""
        if self.option(kind, f"{field}IsNone", True):
            return []
        _most(f"{self.kind}'s {field}", self.option(kind, f"{field}Length"), MAX_SIDES)
        return [int(number) for number in self.option(kind, f"{field}AsNumpy")]


@dataclasses.dataclass(frozen=True)
class Lite:
    """A file's main graph."""

    tensors: tuple[Tensor, ...]
    operations: tuple[Operation, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


def parse(data: bytes) -> Lite:
    """Return what a ``.tflite`` file says.

    Raises:
        Refusal: it is damaged, or claims too much.
    """
    try:
        return _parse(data)
    except Refusal:
        raise
    except Exception as error:  # whatever a wrong number leads to
        raise Refusal(f"The LiteRT file is cut short or damaged ({shortened(error)}).") from error


def _parse(data: bytes) -> Lite:
    model = schema.Model.GetRootAs(data, 0)
    if not model.SubgraphsLength():
        raise Refusal("The LiteRT file holds no graph.")
    graph = model.Subgraphs(0)
    _most("tensors", graph.TensorsLength(), MAX_TENSORS)
    _most("operations", graph.OperatorsLength(), MAX_OPERATIONS)
    _most("kinds of operations", model.OperatorCodesLength(), MAX_CODES)
    codes = [_code(model.OperatorCodes(k)) for k in range(model.OperatorCodesLength())]
    tensors = tuple(_tensor(model, graph.Tensors(k)) for k in range(graph.TensorsLength()))
    operations, links = [], 0
    for k in range(graph.OperatorsLength()):
        operations.append(_operation(graph.Operators(k), codes, len(tensors)))
        links += len(operations[-1].inputs) + len(operations[-1].outputs)
        _most("inputs and outputs of operations", links, MAX_LINKS)
    ends = (_ends(graph, field, len(tensors), least=0) for field in ("Inputs", "Outputs"))
    return Lite(tensors, tuple(operations), *ends)


def _most(what: str, count: int, most: int) -> None:
    if count > most:
        raise Refusal(f"The LiteRT file claims {count:,} {what}; at most {most:,} are allowed.")


def _text(table, slot: int) -> str:
    place = table._tab.Offset(slot)
    if not place:
        return ""
    _most("letters of a name", table._tab.VectorLen(place), MAX_NAME)
    return table._tab.String(place + table._tab.Pos).decode(errors="replace")


def _code(code) -> str:
    """The name of a kind of operation. Its number stands in one of two places, by its size."""
    number = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
    name = OPERATIONS.get(number, f"number {number}")
    return f"CUSTOM {_text(code, NAME_OF_CODE)}" if name == "CUSTOM" else name


def _numbers(table, field: str, most: int) -> list[int]:
    if getattr(table, f"{field}IsNone")():
        return []
    _most(f"numbers of a tensor or operation ({field})", getattr(table, f"{field}Length")(), most)
    return getattr(table, f"{field}AsNumpy")().tolist()


def _ends(table, field: str, count: int, least: int) -> tuple[int, ...]:
    """Numbers of tensors, each of which there is."""
    numbers = _numbers(table, field, MAX_ENDS)
    wrong = [number for number in numbers if not least <= number < count]
    if wrong:
        raise Refusal(f"The LiteRT file speaks of tensors that it does not hold: {listed(wrong)}.")
    return tuple(numbers)


def _tensor(model, tensor) -> Tensor:
    name = _text(tensor, NAME_OF_TENSOR)
    shape = _numbers(tensor, "Shape", MAX_SIDES)
    signature = _numbers(tensor, "ShapeSignature", MAX_SIDES)
    held = None
    if not 0 <= tensor.Buffer() < model.BuffersLength():
        raise Refusal(f"The LiteRT file's tensor {name[:80]!r} has no place for its value.")
    buffer = model.Buffers(tensor.Buffer())
    if buffer.Offset() > 1 or tensor.ExternalBuffer():
        raise Refusal("The LiteRT file's values lie outside of it. Give one file with all of them.")
    if buffer.DataLength():
        held = buffer.DataAsNumpy()
    if tensor.Sparsity() is not None:
        raise Refusal(
            f"The LiteRT file's tensor {name[:80]!r} is sparse. Convert the model without pruning."
        )
    quantization = tensor.Quantization()
    is_scaled = quantization is not None and quantization.ScaleLength() > 0
    if held is None and len(signature) == len(shape):
        shape = signature
    type_name = TYPE_NAMES.get(tensor.Type(), f"number {tensor.Type()}")
    dtype = TYPES.get(tensor.Type())
    return Tensor(name, tuple(shape), dtype, type_name, held, is_scaled, quantization)


def _operation(operator, codes: list[str], count: int) -> Operation:
    if not 0 <= operator.OpcodeIndex() < len(codes):
        raise Refusal("The LiteRT file holds an operation of no kind.")
    return Operation(
        kind=codes[operator.OpcodeIndex()],
        inputs=_ends(operator, "Inputs", count, least=-1),
        outputs=_ends(operator, "Outputs", count, least=0),
        options_kind=OPTIONS.get(operator.BuiltinOptionsType(), ""),
        options=operator.BuiltinOptions(),
    )

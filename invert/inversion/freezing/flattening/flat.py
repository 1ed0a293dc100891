"""A graph that grows one operation at a time, each of a size that is known before it is ever run.

There are no functions and no branches in it. Every operation is also put, with tensors of the true
shapes, into a graph that only infers shapes. Whatever has no size there, or too large a one, is
refused; so a file of a few hundred bytes cannot ask for gigabytes or for hours.
"""

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt
import tensorflow as tf
from tensorflow.python.framework import ops, tensor_util

from invert.inversion.freezing.gate import cost
from invert.inversion.freezing.names_in_graphs import UniqueNames
from invert.inversion.freezing.refusal import Exceeded, Refusal, WrongSize, shortened

# Of all results for two images, from them to the logits. ResNet-50 at 224×224 has 0.3 GB.
MAX_BYTES = 2**29
MAX_PRODUCTS = 2**37  # multiplications of two images: some seconds; VGG-19 has 4·10¹⁰
MAX_OPERATIONS = 10_000
SMALL = 1024  # values: shapes, loop counters, conditions are less
OF_SHAPES = ("Shape", "ShapeN", "Size", "Rank")  # what they return depends on no value

# For running a graph once: TensorFlow computes only what is asked for, and nothing beforehand.
AS_IT_STANDS = tf.compat.v1.ConfigProto()
AS_IT_STANDS.graph_options.rewrite_options.disable_meta_optimizer = True
AS_IT_STANDS.graph_options.optimizer_options.opt_level = -1

Ref = str  # a tensor of the flat graph, as "name:0"


class Flat:
    """The growing graph.

    Attributes:
        nodes: its operations by name, in an order in which they can be computed; no constants.
        constants: the values of its constants, by tensor.
        image: the tensor that takes the images, once there is one.
        fixed: tensors that depend on constants alone.
        drawn: those that depend on random numbers. None of them has a value that is known.
        bytes: of all that its operations return.
        products, effort, overhead: of all of them, as ``cost`` counts them.
    """

    def __init__(self, versions=None):
        self.versions = versions
        self.nodes: dict[str, tf.compat.v1.NodeDef] = {}
        self.constants: dict[Ref, np.ndarray] = {}
        self.image: Ref = ""
        self.fixed: set[Ref] = set()
        self.drawn: set[Ref] = set()
        self._tensors: dict[Ref, tf.Tensor] = {}  # what infers shapes
        self._graph = tf.Graph()
        self._unique = UniqueNames()
        self.bytes = self.products = self._inferred = 0
        self.effort = self.overhead = 0.0

    def shape(self, ref: Ref) -> tuple[int, ...]:
        """The shape of a tensor, for the batch that the graph was begun with."""
        return tuple(self._tensors[ref].shape)

    def dtype(self, ref: Ref) -> tf.DType:
        return self._tensors[ref].dtype

    def known(self, ref: Ref) -> np.ndarray | None:
        """The value of a small tensor that no pixel and no random number has a part in, or None."""
        return None if ref in self.drawn else tf.get_static_value(self._tensors[ref])

    @property
    def half(self) -> bool:
        """Whether anything is computed with half precision."""
        return any(tensor.dtype in (tf.float16, tf.bfloat16) for tensor in self._tensors.values())

    def value(self, ref: Ref) -> np.ndarray:
        """The value of a fixed tensor, of any size."""
        return self.constants[ref] if ref in self.constants else self.run([ref])[0]

    def node(self, ref: Ref):
        """The operation that computes a tensor; None for constants and the image."""
        return self.nodes.get(ref.rsplit(":", 1)[0])

    def open_input(self, name: str, shape: Sequence[int], dtype=tf.float32) -> Ref:
        """Add the input, for a batch of images of this whole shape."""
        self.image = f"{self._unique(name)}:0"
        with self._graph.as_default():
            self._tensors[self.image] = tf.compat.v1.placeholder(dtype, shape)
        return self.image

    def constant(self, name: str, value: npt.ArrayLike) -> Ref:
        """Add a constant."""
        value = np.asarray(value)
        ref = f"{self._unique(name)}:0"
        self.constants[ref] = value
        self.fixed.add(ref)
        with self._graph.as_default():
            if value.size <= SMALL:
                self._tensors[ref] = tf.constant(value)
            else:
                self._tensors[ref] = tf.compat.v1.placeholder(value.dtype, value.shape)
        return ref

    def draw(self, name: str, shape: Ref, dtype: tf.DType) -> list[Ref]:
        """Add random numbers from 0 to 1. Each is 0.5 here, and counts as unknown."""
        half = self.constant(f"{name}/half", np.array(0.5, dtype.as_numpy_dtype))
        types = {"T": dtype, "index_type": self.dtype(shape)}
        refs = self.compute("Fill", name, [shape, half], **types)
        for ref in refs:
            self._hide(ref)
        return refs

    def compute(self, op: str, name: str, inputs: Sequence[Ref], **attributes) -> list[Ref]:
        """Add an operation with attributes that are types, numbers, flags or lists of numbers."""
        node = tf.compat.v1.NodeDef(name=name, op=op)
        for key, value in attributes.items():
            if isinstance(value, tf.DType):
                node.attr[key].type = value.as_datatype_enum
            elif isinstance(value, bool):
                node.attr[key].b = value
            elif isinstance(value, int):
                node.attr[key].i = value
            elif isinstance(value, bytes):
                node.attr[key].s = value
            else:
                node.attr[key].list.i.extend(value)
        return self.add(node, inputs)

    def add(self, node, inputs: Sequence[Ref]) -> list[Ref]:
        """Add an operation as a file has it, on other inputs; return its outputs.

        Raises:
            Refusal: it does not fit its inputs, or its outputs have no size or too large a one.
        """
        if len(self.nodes) >= MAX_OPERATIONS:
            raise Exceeded(f"The network has more than the {MAX_OPERATIONS:,} operations allowed.")
        copy = tf.compat.v1.NodeDef(op=node.op, name=self._unique(node.name), input=inputs)
        for key, value in node.attr.items():
            # Those with an underscore are hints on where and how to compute: `_class` names nodes
            # that may be gone, `_gradient_op_type` a function of the graph it was made in.
            if not key.startswith("_"):
                copy.attr[key].CopyFrom(value)
        tensors = [self._tensors[ref] for ref in inputs]
        outputs = self._infer(copy, tensors)
        refs = [f"{copy.name}:{k}" for k in range(len(outputs))]
        self._count(copy, tensors, outputs)
        self.nodes[copy.name] = copy
        fixed = all(ref in self.fixed for ref in inputs)
        drawn = node.op not in OF_SHAPES and not self.drawn.isdisjoint(inputs)
        for ref, tensor in zip(refs, outputs, strict=True):
            self._tensors[ref] = self._without_its_past(tensor, tensors, fixed)
            if drawn:
                self._hide(ref)
        if fixed:
            self.fixed.update(refs)
        return refs

    def run(
        self, refs: Sequence[Ref], images: np.ndarray | None = None, then=list
    ) -> list[np.ndarray]:
        """Compute tensors, for images if they depend on any, or what ``then`` makes of them."""
        graph_def = self.graph_def(refs)
        used = {name for node in graph_def.node for name in node.input} | set(refs)
        with tf.Graph().as_default() as graph:
            feeds, places = {}, {}
            for ref in used & self.constants.keys():
                value = self.constants[ref]
                places[ref] = tf.compat.v1.placeholder(value.dtype, value.shape)
                feeds[places[ref]] = value
            if self.image in used:
                if images is None:
                    raise ValueError("images are needed")
                places[self.image] = tf.compat.v1.placeholder(self.dtype(self.image), images.shape)
                feeds[places[self.image]] = images
            found = tf.graph_util.import_graph_def(graph_def, places, refs, name="") or []
            found = [places.get(ref, tensor) for ref, tensor in zip(refs, found, strict=True)]
            with tf.compat.v1.Session(graph=graph, config=AS_IT_STANDS) as session:
                return session.run(then(found), feeds)

    def graph_def(self, refs: Iterable[Ref], beyond=frozenset()) -> tf.compat.v1.GraphDef:
        """The operations that these tensors need, without constants and the input.

        Args:
            refs: the tensors.
            beyond: tensors that will be there without being computed.
        """
        needed, waiting = set(), list(refs)
        while waiting:
            ref = waiting.pop()
            name = ref.rsplit(":", 1)[0]
            if ref not in beyond and name not in needed and name in self.nodes:
                needed.add(name)
                waiting.extend(self.nodes[name].input)
        graph_def = tf.compat.v1.GraphDef(
            node=[node for name, node in self.nodes.items() if name in needed]
        )
        if self.versions is not None:
            graph_def.versions.CopyFrom(self.versions)
        return graph_def

    def _infer(self, node, tensors) -> list[tf.Tensor]:
        self._inferred += 1
        alone = tf.compat.v1.NodeDef()
        alone.CopyFrom(node)
        alone.name = f"n{self._inferred}"
        alone.input[:] = [tensor.name for tensor in tensors]
        try:
            # What tf.graph_util.import_graph_def does, in a tenth of its time.
            outputs = ops.Operation.from_node_def(alone, self._graph, tensors).outputs
            if node.op == "FusedBatchNormV3":
                outputs[5].set_shape([0])  # kept for training by a graphics card: nothing
            return outputs
        except Exception as error:  # each operation has errors of its own
            raise WrongSize(
                f"The network's operation {node.name!r} ({node.op}) does not fit what is put into"
                f" it ({shortened(error)})."
            ) from error

    def _count(self, node, tensors, outputs) -> None:
        for tensor in outputs:
            if not (tensor.dtype.is_floating or tensor.dtype.is_integer or tensor.dtype.is_bool):
                raise Refusal(
                    f"The network's operation {node.name!r} ({node.op}) returns"
                    f" {tensor.dtype.name}, and a network must compute with real numbers."
                )
            size = tensor.shape.num_elements()
            if size is None:
                raise Refusal(
                    f"The network's operation {node.name!r} ({node.op}) returns a tensor whose size"
                    " depends on the image or on random numbers, so it cannot be bounded before it"
                    " is run."
                )
            self.bytes += size * tensor.dtype.size
        self.products += cost.products(node, tensors, outputs)
        self.effort += cost.effort(node, tensors, outputs)
        self.overhead += cost.overhead(node, tensors)
        if self.bytes > MAX_BYTES or self.products > MAX_PRODUCTS:
            raise Exceeded(
                f"The network needs more than {MAX_BYTES // 2**20} MB, or"
                f" {MAX_PRODUCTS / 10**9:.0f} billion multiplications, for a few images (at"
                f" operation {node.name!r}, {node.op}). Give a smaller network or shape=."
            )

    def _hide(self, ref: Ref) -> None:
        """Leave nothing of a tensor but its type and shape."""
        tensor = self._tensors[ref]
        with self._graph.as_default():
            self._tensors[ref] = tf.compat.v1.placeholder(tensor.dtype, tensor.shape)
        self.drawn.add(ref)

    def _without_its_past(self, tensor, tensors, fixed) -> tf.Tensor:
        """A stand-in from which shapes are inferred without computing what led there once more."""
        size = tensor.shape.num_elements()
        if size <= SMALL:
            # What depends on constants alone is computed here, once, and is a constant from now on.
            if fixed or tensor.op.type in OF_SHAPES or _all_known(tensors):
                value = tensor_util.try_evaluate_constant(tensor)
                if value is None:
                    value = tf.get_static_value(tensor)
                if value is not None:
                    with self._graph.as_default():
                        return tf.constant(value, tensor.dtype, tensor.shape)
            return tensor
        if fixed:
            with self._graph.as_default():
                return tf.compat.v1.placeholder(tensor.dtype, tensor.shape)
        return tensor


def _all_known(tensors) -> bool:
    return all(tensor.op.type == "Const" for tensor in tensors)

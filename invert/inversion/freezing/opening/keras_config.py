"""What a Keras file may ask to be built: layers of Keras itself that compute, and nothing else.

A Keras file names classes and functions, and Keras imports them. Some of its own layers run code
that a file brings along, or open other files. So the names are looked at first.
"""

import json

import keras

from invert.inversion.checks import brief
from invert.inversion.freezing.gate.operations import names
from invert.inversion.freezing.refusal import Refusal

MAX_TEXT = 2**24  # characters
MAX_DEPTH = 60
MAX_THINGS = 200_000  # values in the whole description
MAX_NUMBER = 2**22

LAYERS = names("""
    Activation ActivityRegularization AdaptiveAveragePooling1D AdaptiveAveragePooling2D
    AdaptiveMaxPooling1D AdaptiveMaxPooling2D Add AdditiveAttention AlphaDropout Attention
    Average AveragePooling1D AveragePooling2D AveragePooling3D AvgPool1D AvgPool2D
    BatchNormalization BatchNormalizationV1 BatchNormalizationV2 Bidirectional CategoryEncoding
    CenterCrop Concatenate Conv1D Conv1DTranspose Conv2D Conv2DTranspose Conv3D Conv3DTranspose
    Convolution1D Convolution2D Convolution2DTranspose Cropping1D Cropping2D Cropping3D Dense
    DepthwiseConv1D DepthwiseConv2D Discretization Dot Dropout ELU EinsumDense Flatten
    Functional GRU GRUCell GaussianDropout GaussianNoise GlobalAveragePooling1D
    GlobalAveragePooling2D GlobalAveragePooling3D GlobalAvgPool1D GlobalAvgPool2D
    GlobalMaxPool1D GlobalMaxPool2D GlobalMaxPooling1D GlobalMaxPooling2D GlobalMaxPooling3D
    GroupNormalization GroupQueryAttention Identity InputLayer LSTM LSTMCell LayerNormalization
    LeakyReLU Masking MaxPool1D MaxPool2D MaxPooling1D MaxPooling2D MaxPooling3D Maximum Minimum
    Model MultiHeadAttention Multiply Normalization PReLU Permute RMSNormalization RNN
    RandomBrightness RandomColorJitter RandomContrast RandomCrop RandomFlip RandomGrayscale
    RandomHeight RandomHue RandomRotation RandomSaturation RandomSharpness RandomTranslation
    RandomWidth RandomZoom ReLU RepeatVector Rescaling Reshape Resizing SeparableConv1D
    SeparableConv2D SeparableConvolution2D Sequential SimpleRNN SimpleRNNCell Softmax
    SpatialDropout1D SpatialDropout2D SpectralNormalization StackedRNNCells Subtract
    TimeDistributed UnitNormalization UpSampling1D UpSampling2D UpSampling3D ZeroPadding1D
    ZeroPadding2D ZeroPadding3D
""")
OTHERS = names("""
    AbsMaxQuantizer Constant CustomScaleLayer DTypePolicy DTypePolicyMap FloatDTypePolicy
    GlorotNormal GlorotUniform HeNormal HeUniform Identity IdentityInitializer
    Int4QuantizationConfig Int8QuantizationConfig L1 L1L2 L2 LayerScale LecunNormal LecunUniform
    MaxNorm MinMaxNorm NonNeg Ones Orthogonal OrthogonalRegularizer Policy QuantizedDTypePolicy
    RandomNormal RandomUniform STFT StochasticDepth TensorShape TruncatedNormal UnitNorm
    VarianceScaling Zeros __ellipsis__ __keras_tensor__ __numpy__ __slice__ __tensor__ __tuple__
""")
ALLOWED = LAYERS | OTHERS
# Keras's own, too, but what they read can be changed by no gradient.
OF_TOKENS = names(
    "Embedding HashedCrossing Hashing IntegerLookup ReversibleEmbedding StringLookup"
    " TextVectorization"
)
# Operations on tensors between layers, such as x / 255, and plain functions, such as "relu".
OPERATION_MODULES = ("keras.src.ops.", "keras.ops", "keras.src.ops")
FUNCTION_MODULES = (
    "builtins",
    "keras.activations",
    "keras.src.activations",
    "keras.ops",
    "keras.initializers",
)
# Those that call functions, which a file would have to bring along.
CALLERS = names(
    "Map Scan WhileLoop Cond VectorizedMap Switch ForiLoop AssociativeScan CustomGradient"
)


def parse(text: str) -> dict:
    """Return a model's description, given as JSON.

    Raises:
        Refusal: it is too long or too deep.
    """
    if len(text) > MAX_TEXT:
        raise Refusal(
            f"The Keras model's description has {len(text):,} characters; {MAX_TEXT:,} are allowed."
        )
    deepest = depth = 0
    for sign in text:
        if sign in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif sign in "]}":
            depth -= 1
    if deepest > MAX_DEPTH:
        raise Refusal(
            f"The Keras model's description is {deepest:,} levels deep; {MAX_DEPTH} are allowed."
        )
    try:
        config = json.loads(text)
    except ValueError as error:
        raise Refusal(f"The Keras model's description is no JSON ({error}).") from error
    if not isinstance(config, dict):
        raise Refusal("The Keras model's description names no model.")
    return config


def check(config) -> None:
    """Refuse what is not one of Keras's own layers, or of this process's registered classes."""
    waiting, count = [config], 0
    while waiting:
        thing = waiting.pop()
        count += 1
        if count > MAX_THINGS:
            raise Refusal(
                f"The Keras model's description has over {MAX_THINGS:,} values. That is more than"
                " is allowed."
            )
        if isinstance(thing, list):
            waiting.extend(thing)
        elif isinstance(thing, dict):
            waiting.extend(thing.values())
            _check_numbers(thing)
            if "class_name" in thing:
                _check_class(thing)


def _check_numbers(thing: dict) -> None:
    """Refuse huge numbers: Keras builds as many units as a layer asks for, before it reads any."""
    for key, value in thing.items():
        whole = isinstance(value, int) and not isinstance(value, bool)
        numbers = value if isinstance(value, list) else [value] if whole else []
        large = [n for n in numbers if isinstance(n, int) and abs(n) > MAX_NUMBER]
        if large and "seed" not in key and not key.endswith("_id"):
            raise Refusal(
                f"The Keras model's description asks for a {key[:40]!r} of {brief(large[0])}; at"
                f" most {MAX_NUMBER:,} are allowed."
            )


def _check_class(thing: dict) -> None:
    name, module = thing["class_name"], thing.get("module")
    registered = thing.get("registered_name")
    if isinstance(registered, str) and keras.saving.get_registered_object(registered) is not None:
        return  # the caller registered it, so it is no code of the file
    if isinstance(name, str) and keras.saving.get_registered_object(name) is not None:
        return
    texts = isinstance(name, str) and isinstance(module, str | None)
    known = texts and (
        module is None or module.split(".")[0] in ("keras", "builtins", "tensorflow")
    )
    if known and name == "function":
        if module in FUNCTION_MODULES and isinstance(thing.get("config"), str):
            return
    elif known and module is not None and module.startswith(OPERATION_MODULES):
        if name not in CALLERS:
            return
    elif known and name in ALLOWED:
        return
    if known and name in OF_TOKENS:
        raise Refusal(
            f"The Keras model's layer {name} reads words or whole numbers, which no gradient can"
            " change a little. Give the part of the model that comes after it."
        )
    raise Refusal(
        f"The Keras model asks for {str(name)[:80]!r}"
        + (f" of {str(module)[:80]!r}" if module else "")
        + ", which is not one of Keras's own computing layers, and code of a file is never run."
        " Save the model as a SavedModel, with model.export(folder), or give the loaded model."
    )

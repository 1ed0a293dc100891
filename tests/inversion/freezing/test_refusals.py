"""What is refused is said in plain words, whoever said it first."""

import keras
import pytest

from invert.inversion.freezing import freeze
from invert.inversion.freezing.refusal import Exceeded, Refusal, shortened


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("\x1b[1mInput 0\x1b[0m is bad", "Input 0 is bad"),
        ("\x1b[38;5;9mred\x1b[0m", "red"),
        ("got <Conv2D name=conv2d_3, built=False>", "got Conv2D 'conv2d_3'"),
        (
            "<KerasTensor shape=(None, 3), dtype=float32, sparse=False, name=x>",
            "KerasTensor 'x'",
        ),
        ("<class 'keras.src.layers.core.dense.Dense'>", "Dense"),
        ("<class 'str'> and <class 'int'>", "str and int"),
        ("<keras.src.models.Model object at 0x7f5>", "Model"),
        ("<function relu at 0x7f3>", "relu"),
        ("<bound method Layer.call of <Dense name=d, built=True>>", "call"),
        ("1 < 2, and 3 > 2", "1 < 2, and 3 > 2"),
    ],
)
def test_what_libraries_say_is_said_in_plain_words(said, words):
    assert str(Refusal(said)) == words and str(Exceeded(said)) == words
    assert shortened(ValueError(f"first line\n\n{said}\n\nArguments received: none")) == words


def test_a_layer_that_does_not_fit_is_named_in_plain_words(monkeypatch):
    model = keras.Sequential([keras.Input((784,)), keras.layers.Dense(3, name="odd")])

    def call(x, training=None):
        raise ValueError(f"\x1b[1mNo good\x1b[0m for {model.layers[0]} of {type(model)}")

    monkeypatch.setattr(model.layers[0], "call", call)
    with pytest.raises(ValueError) as caught:
        freeze(model)
    said = str(caught.value)
    assert "No good for Dense 'odd' of Sequential" in said
    assert not {"\x1b", "<", ">"} & set(said)

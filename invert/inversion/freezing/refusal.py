"""The errors of freezing: sentences that name the rule, what was found, and the way out."""

import re

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")  # of a terminal: bold, colours
# What Python shows of things, and what of it a person needs.
SHOWN_THINGS = (
    (re.compile(r"\{\{function_node [^{}]*\}\}\s*"), ""),
    (re.compile(r"<class '(?:[^'<>]*\.)?(\w+)'>"), r"\1"),
    (re.compile(r"<(?:[\w.]*\.)?(\w+)\b[^<>]*?\bname=['\"]?([^\s,'\"<>]+)[^<>]*>"), r"\1 '\2'"),
    (re.compile(r"<(?:bound method|function|method) (?:[^\s<>]*\.)?([^\s.<>]+)[^<>]*>"), r"\1"),
    (re.compile(r"<(?:[\w.]*\.)?(\w+) (?:object )?at 0x[0-9a-f]+[^<>]*>"), r"\1"),
)


def plain(text: str) -> str:
    """Return a text without a terminal's escapes and without Python's way of showing things.

    >>> plain("\x1b[1mInput of <Conv2D name=conv2d_1, built=True>\x1b[0m is <class 'str'>")
    "Input of Conv2D 'conv2d_1' is str"
    >>> plain("{{function_node __inference_<lambda>_19287}} Input shape axis 0 must equal 2")
    'Input shape axis 0 must equal 2'
    """
    text = ESCAPES.sub("", text)
    for thing, words in SHOWN_THINGS:
        text = thing.sub(words, text)
    return text


class Refusal(ValueError):
    """A complete sentence, which callers pass on as it is."""

    def __init__(self, text: str):
        super().__init__(plain(text))


class Exceeded(Refusal):
    """A bound was reached; trying it in another way is no use."""


class WrongSize(Refusal):
    """The size of an image is missing or does not fit; another size may.

    Attributes:
        values: how many values an image must have; None where the refusal does not say.
    """

    def __init__(self, text: str, values: int | None = None):
        super().__init__(text)
        self.values = values


class OtherGradient(Refusal):
    """A network's gradient is not its source's."""


DECLARED = (
    "The network declares gradients of its own, as quantized and straight-through layers do, and"
    " they cannot be kept, so its gradient would be another. Give the Keras model itself, or the"
    " network as it was before these layers were added."
)


class Unfed(Refusal):
    """An output depends on a placeholder that has no value."""


def shortened(error: BaseException) -> str:
    """The line of an error's text that says what happened, without TensorFlow's long tracebacks."""
    if isinstance(error, KeyError):
        return f"there is no {str(error)[:200]}"
    lines = [line.strip() for line in plain(str(error)).splitlines()]
    lines = [line for line in lines if line and not line.startswith(("[[", "Arguments", "•"))]
    return lines[-1][:200].rstrip(".:") if lines else type(error).__name__


def listed(names, most: int = 12) -> str:
    """Return names as a sentence shows them, so many at most.

    >>> listed(["x", "keep_prob"]), listed([]), listed("abc", most=2)
    ("'x', 'keep_prob'", 'none', "'a', 'b' and 1 more")
    """
    names = list(names)
    shown = ", ".join(repr(str(name)[:80]) for name in names[:most])
    return (shown or "none") + (f" and {len(names) - most:,} more" if len(names) > most else "")

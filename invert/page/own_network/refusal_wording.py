"""Why one's own network is refused: what freezing says of a file, as the page says it."""

import re

ALIAS = "the-own-network"  # what the file is called where it is read
RULE = "A network must be a .keras, .h5, .pb, .tflite or .zip file of at most 16 MB"
# Of one that is too large for this page.
ELSEWHERE = (
    "Your own machine takes larger ones: python -m invert generate 0 --classifier FILE, in a clone"
    " of this project."
)
WAY_OUT = 'Keras writes one with model.save("mine.keras").'
# What `invert.freeze` may be told, and this page has no field for.
NO_FIELDS = {
    "input": "the input's name",
    "feed": "the values of other inputs",
    "output": "the output's name",
    "shape": "the size of an image",
    "pixel_range": "the range of its pixels",
    "bounds": "what its features may be",
    "head": "what its outputs are",
}
FOLDER = "SavedModel"  # and what a visitor drops is a file
ARGUMENT = re.compile(rf"\b({'|'.join(NO_FIELDS)})=")
SENTENCES, ALTERNATIVES = re.compile(r"(?<=[.]) (?=[A-Z])"), re.compile(r",? or |, so say ")
PATH = re.compile(r"(?<![\w.:/])/(?:[\w.+@-]+/)+[\w.+@-]*")
# In characters; MOST_TEXT of what is looked through, in bytes.
LONGEST_NAME, LONGEST_SENTENCE, MOST_TEXT = 40, 500, 2000


def shown_name(name: str) -> str:
    """A file's name as a sentence shows it, without its folders."""
    name = "".join(sign for sign in re.split(r"[/\\]", name)[-1] if sign.isprintable()).strip()
    if len(name) > LONGEST_NAME:
        name = f"{name[: LONGEST_NAME // 2]}…{name[-LONGEST_NAME // 2 + 1 :]}"
    return f"“{name or 'the file'}”"


def sentence(text: bytes, name: str) -> str:
    """What the process that read a file says of it, in one line, without a path of the server's.

    Args:
        text: what it answered.
        name: of the file, as ``shown_name`` returns it.
    """
    from invert.inversion.freezing.opening.formats import TAKEN
    from invert.inversion.freezing.refusal import plain

    said = " ".join(plain(text[:MOST_TEXT].decode(errors="replace")).split())
    said = PATH.sub("…", said.replace(TAKEN, RULE))
    said = without_arguments("".join(sign for sign in said if sign.isprintable()))
    if len(said) > LONGEST_SENTENCE:
        said = said[: LONGEST_SENTENCE - 1] + "…"
    if not said:
        return f"{RULE}; {name} cannot be read. {WAY_OUT}"
    named = said.replace(ALIAS, name)
    return named if name in named else f"{name} cannot be used. {named}"


def without_arguments(said: str) -> str:
    """Return what freezing says without the arguments that it asks for.

    What can be done without them stays; where they are given is said at the end.
    """
    kept: list[str] = []
    for part in SENTENCES.split(said):
        if ARGUMENT.search(part):
            ways = ALTERNATIVES.split(part.rstrip("."))
            part = " or ".join(way for way in ways if not ARGUMENT.search(way))
            part = f"{part[:1].upper()}{part[1:]}." if part else ""
        if FOLDER in part:
            part = f"{part.rstrip('.')}; invert.freeze takes that in Python, this page does not."
        kept += [part] if part else []
    asked = [argument for argument in NO_FIELDS if argument in ARGUMENT.findall(said)]
    if asked:
        *others, last = (NO_FIELDS[argument] for argument in asked)
        fields = f"{', '.join(others)} and {last}" if others else last
        given = ", ".join(f"{argument}=…" for argument in asked)
        kept.append(f"This page cannot be told {fields}; in Python invert.freeze(…, {given}) can.")
    return " ".join(kept)


def no_memory(name: str, memory: int) -> str:
    """What is said of a file that cannot be read in so many bytes of memory."""
    return (
        f"A network must be read in {memory // 2**30} GB of memory; {name} needs more memory than"
        " that. Give a smaller one."
    )

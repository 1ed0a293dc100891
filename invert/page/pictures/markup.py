"""Pieces of HTML: everything the page shows that no Streamlit widget shows. All text is escaped."""

import base64
import io
import re
from collections.abc import Sequence
from html import escape

import numpy as np
from PIL import Image

from invert import film
from invert.inversion.domain import Bound, Domain

DIGITS = tuple("0123456789")
MOST_BARS = 10
# A script repeats the status here, where people look.
STATUS_AGAIN = '<div class="status again" aria-hidden="true"></div>'
# A script copies the page's address: every choice is in it, and the drawing too.
BUTTON_SHARE = (
    '<button type="button" class="button share">Share</button><p class="sr" role="status"></p>'
)


def more_button(side: str) -> str:
    """Return the button that shows what stands under More of a side, "reading" or "drawing"."""
    return (
        f'<button type="button" class="button more" data-more="{side}" aria-expanded="false">'
        "More</button>"
    )


def alert(sentence: str) -> str:
    """Return one sentence that says what failed."""
    return f'<p class="alert" role="alert">{escape(sentence)}</p>'


def status(sentence: str, fraction: float) -> str:
    """Return what is being loaded, with a bar from 0 to 1."""
    percent = round(100 * min(1.0, max(0.0, fraction)))
    done = " done" if percent == 100 else ""
    return (
        f'<div class="status{done}" role="status"><span class="words">{escape(sentence)}</span>'
        f'<span class="track"><i style="width:{percent}%"></i></span></div>'
    )


def sentence(text: str, kind: str = "sentence") -> str:
    """Return a paragraph of running text; `what stands in backticks` is set as code."""
    words = re.sub("`([^`]+)`", r"<code>\1</code>", escape(text))
    return f'<p class="{kind}">{words}</p>'


def data_uri(png: bytes) -> str:
    """Return PNG bytes as an address that needs no request."""
    return "data:image/png;base64," + base64.b64encode(png).decode("ascii")


def picture(
    image: np.ndarray,
    description: str,
    side: int,
    pixel_range: tuple[float, float] = (0.0, 1.0),
) -> str:
    """Return one image, grey or coloured, as crisp squares, ``side`` CSS pixels wide."""
    png = film.png(np.asarray(image)[None], scale=1, pixel_range=pixel_range)
    return (
        f'<img class="{paper(image.shape)}" src="{data_uri(png)}" width="{side}"'
        f' height="{side}" alt="{escape(description)}">'
    )


def cropped(image: np.ndarray, across: tuple[float, float], down: tuple[float, float]) -> str:
    """Return a picture ``(H, W, 3)`` in [0, 1] with all but a part of it in the dark.

    Args:
        image: the picture.
        across: from where to where the part goes, in shares from the left.
        down: likewise from the top.
    """
    height, width = image.shape[:2]
    png = film.png(image[None], scale=1)
    sides = (down[0], 1 - across[1], 1 - down[1], across[0])
    inset = " ".join(f"{100 * side:.1f}%" for side in sides)
    words = f"The picture; {percent(across[1] - across[0])} of its width is read"
    words += f", and {percent(down[1] - down[0])} of its height"
    return (
        f'<div class="cropped" style="width:{width}px"><img src="{data_uri(png)}" width="{width}"'
        f' height="{height}" alt="{words}"><i style="inset:{inset}"></i></div>'
    )


def of_digits(shape: tuple[int, ...], labels: Sequence[str]) -> bool:
    """Whether images of that shape and number of classes are taken for this page's digits.

    >>> of_digits((28, 28), DIGITS), of_digits((32, 32, 3), DIGITS)
    (True, False)
    """
    return shape == (28, 28) and len(labels) == len(DIGITS)


def network_name(name: str) -> str:
    """Return what to call a network: one's own has a number that nobody needs to see.

    >>> network_name("robust"), network_name("my model#e3b0c44298fc1c14")
    ('robust', 'my model')
    """
    return name.split("#")[0]


def in_unit(images: np.ndarray, pixel_range: tuple[Bound, Bound]) -> np.ndarray:
    """Return images of a pixel range in [0, 1]."""
    return Domain(images.shape[1:], *pixel_range).to_unit(images)


def paper(shape: tuple[int, ...]) -> str:
    """The class of an image of that shape: ink on paper turns light on dark at night."""
    return "paper" if len(shape) == 2 else "paper colour"


def captioned(picture: str, caption: str) -> str:
    """Return a picture, HTML itself, with a few words under it."""
    return f'<figure class="captioned">{picture}<figcaption>{escape(caption)}</figcaption></figure>'


def heat(values: np.ndarray, description: str, side: int) -> str:
    """Return signed values as colours on the page. At night the style sheet brightens them."""
    return (
        f'<img class="heat" src="{data_uri(colours(values))}" width="{side}" height="{side}"'
        f' alt="{escape(description)}">'
    )


def colours(values: np.ndarray, levels: int = 127) -> bytes:
    """Return signed values as a PNG: blue above 0, orange below, clear at 0.

    A colour is as strong as the root of its value: otherwise only the few strongest pixels would be
    seen.

    Args:
        values: ``(H, W)``, of any range.
        levels: shades of each colour, up to 127; fewer make a smaller file.
    """
    strength = np.sqrt(np.abs(values) / max(float(np.abs(values).max()), 1e-12))
    shades = np.rint(levels * np.sign(values) * strength).astype(int) + levels
    signs = np.arange(-levels, levels + 1)
    palette = np.where(signs[:, None] > 0, (57, 106, 214), (222, 117, 20)).astype(np.uint8)
    clear = np.rint(255 * np.abs(signs) / levels).astype(np.uint8)
    picture = Image.fromarray(shades.astype(np.uint8))
    picture.putpalette(palette.tobytes())
    out = io.BytesIO()
    picture.save(out, "PNG", transparency=clear.tobytes())
    return out.getvalue()


def percent(probability: float) -> str:
    """Return a probability in at most four signs; one that only rounds to 0% or 100% says so.

    >>> percent(0.973), percent(0.997), percent(0.003), percent(1.0)
    ('97%', '>99%', '<1%', '100%')
    """
    if 0.995 <= probability < 0.9995:
        return ">99%"
    if 0.0005 <= probability < 0.005:
        return "<1%"
    return f"{100 * probability:.0f}%"


def bars(
    probabilities: Sequence[float] | None,
    before: Sequence[float] | None,
    labels: Sequence[str] = DIGITS,
) -> str:
    """Return a bar a class that moves from where it was; empty ones where nothing was read.

    Args:
        probabilities: a number in [0, 1] for each class, or None.
        before: those shown until now, or None.
        labels: the classes' names. Of many the ten likeliest are shown.
    """
    now = np.zeros(len(labels)) if probabilities is None else np.asarray(probabilities)
    earlier = np.zeros(len(labels)) if before is None or len(before) != len(now) else before
    best = -1 if probabilities is None else int(np.argmax(now))
    shown = sorted(np.argsort(-now, kind="stable")[:MOST_BARS])
    rows = []
    for number in shown:
        words = "" if probabilities is None else escape(percent(now[number]))
        chosen = ' class="best"' if number == best else ""
        rows.append(
            f"<li{chosen}><b>{escape(labels[number])}</b><span class='track'>"
            f"<i style='--from:{earlier[number]:.4f};--to:{now[number]:.4f}'></i></span>"
            f"<em>{words}</em></li>"
        )
    return f'<ol class="bars" aria-label="How sure of each answer">{"".join(rows)}</ol>'

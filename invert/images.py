"""What an image of this package is, and the checks that an array is one."""

import numpy as np

from invert.inversion.domain import Domain

# Of this package's own digits; one's own networks have sizes of their own.
SIDE = 28
PIXELS = SIDE * SIDE
DIGITS = 10
DIGIT = Domain((SIDE, SIDE))


def check_images(
    images,
    name: str = "images",
    domain: Domain = DIGIT,
) -> np.ndarray:
    """Return ``images`` as ``(N, *shape)`` float32, or say what is wrong with them.

    Args:
        images: ``(N, *shape)`` or one of ``shape``, any real dtype, values in the pixel range.
        name: what the error calls them.
        domain: their shape, ``(H, W)`` or ``(H, W, 3)``, and their lowest and highest value; of a
            digit ``(28, 28)``, 0 for paper and 1 for ink.

    Raises:
        ValueError: another shape, a dtype that is no number, NaN, or values out of range.

    >>> check_images(np.zeros((28, 28))).shape
    (1, 28, 28)
    >>> check_images(np.full((1, 28, 28), 255))
    Traceback (most recent call last):
    ValueError: images must lie in [0, 1], ink = 1; got values from 255 to 255. Divide bytes by 255.
    """
    shape = domain.shape
    wanted = ", ".join(str(side) for side in shape)
    try:
        array = np.asarray(images)
    except ValueError as error:
        raise ValueError(f"{name} must be one array of shape (N, {wanted}): {error}.") from error
    if array.ndim == len(shape) + 2 and array.shape[-1] == 1 and len(shape) == 2:
        array = array[..., 0]  # a channel of its own, as Keras has it
    if array.ndim == len(shape):
        array = array[None]
    if array.ndim != len(shape) + 1 or array.shape[1:] != shape:
        way_out = ""
        if shape == (SIDE, SIDE):
            way_out = " invert.drawing.from_pixels makes one of any picture."
        raise ValueError(
            f"{name} must have the shape (N, {wanted}) or ({wanted}); got {np.shape(images)}."
            f"{way_out}"
        )
    if array.dtype.kind not in "buif":
        raise ValueError(f"{name} must be real numbers; got dtype {array.dtype}.")
    if not np.isfinite(array).all():
        raise ValueError(f"{name} must be finite; got NaN or infinity. Use numpy.nan_to_num first.")
    array = np.ascontiguousarray(array, np.float32)
    if (array < domain.low).any() or (array > domain.high).any():
        ink = ", ink = 1" if domain == DIGIT else ""
        bytes_too = " Divide bytes by 255." if domain.is_unit else ""
        raise ValueError(
            f"{name} must lie in {domain.range_in_words}{ink}; got values from {array.min():g} to"
            f" {array.max():g}.{bytes_too}"
        )
    return array


def check_image(
    image,
    name: str = "image",
    domain: Domain = DIGIT,
) -> np.ndarray:
    """Return one image as ``(1, *shape)`` float32; see ``check_images`` for the rest.

    Raises:
        ValueError: not one image.

    >>> check_image(np.zeros((2, 28, 28)))
    Traceback (most recent call last):
    ValueError: image must be one image; got 2.
    """
    images = check_images(image, name, domain)
    if len(images) != 1:
        raise ValueError(f"{name} must be one image; got {len(images)}.")
    return images

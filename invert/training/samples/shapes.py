"""The sample network of the page: a small CNN that tells five drawn shapes apart, in colour.

``python -m invert.training.samples.shapes`` draws its pictures, trains it for a minute, and writes
``shapes.zip`` (the network with ``labels.txt``, as Teachable Machine packs them) and
``shapes.npz`` (pictures that it has not seen) to ``invert/page/examples``. It reads 32×32×3 pixels
from 0 to 255, and its file says so: its first layer divides them by 255.
"""

import io
import tempfile
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

LABELS = ("circle", "square", "triangle", "star", "cross")
PICTURE_SIDE, LARGE_SIDE = 32, 128  # pixels: of a picture, and of the one it is made smaller from
TRAINING, EXAMPLES, EPOCHS = 8000, 4, 10
FOLDER = Path(__file__).parent.parent.parent / "page" / "examples"


def draw(shape: str, random: np.random.Generator) -> np.ndarray:
    """Return a picture of a shape, ``(32, 32, 3)`` uint8: any size, place, angle and colours.

    >>> draw("star", np.random.default_rng(0)).shape
    (32, 32, 3)
    """
    paper, ink = random.integers(0, 256, (2, 3))
    while np.abs(paper - ink).sum() < 200:  # or one would not see it either
        paper, ink = random.integers(0, 256, (2, 3))
    picture = Image.new("RGB", (LARGE_SIDE, LARGE_SIDE), tuple(paper.tolist()))
    radius = random.uniform(0.24, 0.4) * LARGE_SIDE
    middle = LARGE_SIDE / 2 + random.uniform(-0.1, 0.1, 2) * LARGE_SIDE
    points = middle + radius * _outline(shape, random.uniform(-0.5, 0.5))
    ImageDraw.Draw(picture).polygon([tuple(p) for p in points.tolist()], tuple(ink.tolist()))
    small = np.asarray(
        picture.resize((PICTURE_SIDE, PICTURE_SIDE), Image.Resampling.BOX), np.float32
    )
    return np.clip(small + random.normal(0, 8, small.shape), 0, 255).astype(np.uint8)


def _outline(shape: str, angle: float) -> np.ndarray:
    """The corners of a shape of radius 1, turned by an angle."""
    if shape == "cross":
        arm = 0.3
        corners = np.array([(arm, arm), (1, arm), (1, -arm), (arm, -arm)])
        quarters = [corners @ _turn(n * np.pi / 2) for n in range(4)]
        return np.concatenate(quarters) @ _turn(angle)
    count = {"circle": 48, "square": 4, "triangle": 3, "star": 10}[shape]
    turns = np.linspace(0, 2 * np.pi, count, endpoint=False) + angle
    radii = np.where(np.arange(count) % 2, 0.4, 1.0) if shape == "star" else np.ones(count)
    return radii[:, None] * np.stack([np.sin(turns), -np.cos(turns)], 1)


def _turn(angle: float) -> np.ndarray:
    return np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])


def pictures(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return pictures of all shapes in turn, ``(N, 32, 32, 3)`` uint8, and their classes."""
    random = np.random.default_rng(seed)
    classes = np.arange(count) % len(LABELS)
    return np.stack([draw(LABELS[c], random) for c in classes]), classes


def train():
    """Return the network, trained, and how many of 1,000 new pictures it reads right."""
    import keras

    keras.utils.set_random_seed(0)
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((PICTURE_SIDE, PICTURE_SIDE, 3)),
            layers.Rescaling(1 / 255),
            layers.Conv2D(12, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(24, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(32, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(48, activation="relu"),
            layers.Dense(len(LABELS), activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(*pictures(TRAINING, 1), batch_size=64, epochs=EPOCHS, verbose=2)
    return model, model.evaluate(*pictures(1000, 2), verbose=0)[1]


def main() -> None:
    """Write the network and its examples."""
    import keras

    model, right = train()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "shapes.keras"
        # Without what its training needed.
        keras.Sequential([keras.Input((PICTURE_SIDE, PICTURE_SIDE, 3)), *model.layers]).save(path)
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.write(path, "shapes.keras")
            archive.writestr("labels.txt", "".join(f"{n} {x}\n" for n, x in enumerate(LABELS)))
    (FOLDER / "shapes.zip").write_bytes(packed.getvalue())
    images, classes = pictures(EXAMPLES * len(LABELS), 3)
    np.savez_compressed(FOLDER / "shapes.npz", images=images, labels=classes)
    print(f"{right:.3f} of 1,000 new pictures are read right; {len(packed.getvalue()):,} bytes")


if __name__ == "__main__":
    main()

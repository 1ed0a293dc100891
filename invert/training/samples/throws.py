"""The sample network of features: how far a thrown ball flies, on three worlds.

``python -m invert.training.samples.throws`` throws 40,000 balls by the formula, trains a small
network on them for a minute, and writes ``throws.keras`` and ``throws.csv`` (throws that it has not
seen, with their names in the first row) to ``invert/page/examples``. The formula is known, so
whatever the network is asked can be checked.
"""

from pathlib import Path

import numpy as np

NAMES = ("speed", "angle", "height", "earth", "mars", "moon")
WORLDS = ("earth", "mars", "moon")  # one of these at a time
GRAVITY = np.array([9.81, 3.71, 1.62])  # m/s², of each
LOWEST, HIGHEST = (5.0, 5.0, 0.0), (25.0, 85.0, 20.0)  # m/s, degrees, m
OUTPUT = "distance"
UNITS, THROWS, EXAMPLES, EPOCHS, BATCH = 32, 40_000, 60, 60, 128
FOLDER = Path(__file__).parent.parent.parent / "page" / "examples"


def distance(throws: np.ndarray) -> np.ndarray:
    """Return how far balls fly without air, in metres, ``(N,)``.

    Args:
        throws: ``(N, 6)``: speed in m/s, angle in degrees, height of the hand in metres, and of
            earth, mars and moon one 1 and the others 0.

    At 45° from the ground it is v²/g:

    >>> distance(np.array([[20, 45, 0, 0, 0, 1]])).round(1) == round(20**2 / 1.62, 1)
    array([ True])
    """
    speed, angle, height = np.asarray(throws, float).T[:3]
    gravity = np.asarray(throws, float)[:, 3:] @ GRAVITY
    along, up = speed * np.cos(np.radians(angle)), speed * np.sin(np.radians(angle))
    return np.asarray(along * (up + np.sqrt(up**2 + 2 * gravity * height)) / gravity)


def throws(count: int, seed: int) -> np.ndarray:
    """Return random throws ``(N, 6)``, as ``distance`` takes them."""
    random = np.random.default_rng(seed)
    free = random.uniform(LOWEST, HIGHEST, (count, len(LOWEST)))
    return np.concatenate([free, np.eye(len(WORLDS))[random.integers(0, 3, count)]], axis=1)


def train():
    """Return the network, trained on throws as they are, and its error on new ones, in metres."""
    import keras

    keras.utils.set_random_seed(0)
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((len(NAMES),)),
            layers.Dense(UNITS, activation="gelu"),
            layers.Dense(UNITS, activation="gelu"),
            layers.Dense(1, name=OUTPUT),
        ]
    )
    thrown = throws(THROWS, 1)
    low, high = thrown.min(axis=0), thrown.max(axis=0)
    steps = THROWS // BATCH * EPOCHS
    model.compile(
        keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(0.005, steps)), "mse"
    )
    flown = distance(thrown)
    model.fit((thrown - low) / (high - low), flown / 100, BATCH, EPOCHS, verbose=2)
    # It learned from shares of each range. Its first and last weights undo that.
    kernel, bias = model.layers[0].get_weights()
    kernel = kernel / (high - low)[:, None]
    model.layers[0].set_weights([kernel, bias - low @ kernel])
    model.layers[2].set_weights([100 * weights for weights in model.layers[2].get_weights()])
    new = throws(2000, 2)
    error = model.predict(new, verbose=0)[:, 0] - distance(new)
    return model, float(np.sqrt(np.mean(error**2)))


def examples() -> str:
    """Return a table of new throws, the first two at the ends of what throws may be."""
    thrown = throws(EXAMPLES, 3)
    thrown[:2, : len(LOWEST)] = LOWEST, HIGHEST
    rows = [",".join(f"{value:.4g}" for value in row) for row in thrown]
    return "\n".join([",".join(NAMES), *rows]) + "\n"


def main() -> None:
    """Write the network and its examples."""
    import keras

    model, error = train()
    path = FOLDER / "throws.keras"
    # Without what its training needed.
    keras.Sequential([keras.Input((len(NAMES),)), *model.layers]).save(path)
    (FOLDER / "throws.csv").write_text(examples())
    print(f"{error:.2f} m off, as a root mean square; {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()

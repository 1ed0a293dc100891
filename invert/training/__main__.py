"""``python -m invert.training NAME``: train a network and write it to model_weights/."""

import argparse
import importlib
import sys
import time

from invert import data, images, shell
from invert.inversion.checks import MAX_SEED, check_whole
from invert.networks import weights

RECIPES = {
    "question": "the question's recipe to the letter (about a minute)",
    "robust": "adversarial training of the same network (about ten minutes)",
    "energy": "the robust one trained on, as an energy model of its digits (about an hour)",
    "student": "a network that sees only what energy dreams (about a quarter of an hour)",
    "judge": "the convolutional network that scores (about twenty minutes)",
    "second-judge": "another, which chooses settings (about twenty minutes)",
    "judge-reference": "the test set's statistics in the judge's features (seconds)",
    "inverse": "the opposite model, digit and seed to image (about ten minutes)",
    "opposite": "the opposite model of question, without data (about a minute)",
    "class-gaussian": "the mean and principal directions of each digit's pixels (seconds)",
}
# The judges are trained apart from what they judge. Of the opposite models of seeds 1 and 2, the
# second judge reads the second's images better.
SEEDS = {"judge": 1, "second-judge": 7, "opposite": 2}


def main(arguments=None) -> int:
    """Parse the command line, train, measure and save."""
    parser = argparse.ArgumentParser(prog="python -m invert.training", description=__doc__)
    parser.add_argument(
        "name", choices=RECIPES, help="; ".join(f"{n}: {what}" for n, what in RECIPES.items())
    )
    parser.add_argument(
        "--seed", type=int, help="the seed of the training (default 0; some have their own)"
    )
    parser.add_argument("--epochs", type=int, help="fewer for a trial; by default the recipe's")
    parser.add_argument("--mnist", metavar="FILE", help="mnist.npz; see also INVERT_MNIST")
    options = parser.parse_args(arguments)
    return shell.run(lambda: _train(options), "Nothing was written.")


def _train(options) -> None:
    seed = SEEDS.get(options.name, 0) if options.seed is None else options.seed
    check_whole(seed, "--seed", 0, MAX_SEED)
    if options.epochs is not None:
        check_whole(options.epochs, "--epochs", 1, 10_000)
    with shell.quiet():
        import keras
        import numpy as np
        import tensorflow as tf

    recipe = importlib.import_module(f"invert.training.{options.name.replace('-', '_')}")
    seen = not getattr(recipe, "WITHOUT_DATA", False)
    mnist = data.load(options.mnist) if seen else None
    settings = {} if options.epochs is None else {"epochs": options.epochs}
    began = time.monotonic()
    model, figures = recipe.train(mnist, seed, **settings)
    entry = {
        "recipe": _settings(recipe) | settings,
        "seed": seed,
        "seconds": round(time.monotonic() - began),
        "versions": {m.__name__: m.__version__ for m in (tf, keras, np)},
        "data_sha256": data.SHA256 if seen else None,
        "figures": {
            name: round(value, 4) if isinstance(value, float) else value
            for name, value in figures.items()
        },
    }
    weights.save(options.name, model, entry)
    print(f"{weights.path_of(options.name).name}: {entry['figures']}")


def _settings(recipe) -> dict:
    """A recipe's named constants, and those of the augmentation where it augments."""
    from invert.training.changes import augment

    own = {
        name.lower(): _plain(value)
        for name, value in vars(recipe).items()
        if name.isupper() and not hasattr(images, name)
    }
    if "affine" in vars(recipe) and recipe is not augment:
        own["augmentation"] = _settings(augment)
    return own


def _plain(value):
    """A constant as JSON shows it best: named tuples by name."""
    if hasattr(value, "_asdict"):
        return value._asdict()
    return [_plain(each) for each in value] if isinstance(value, tuple) else value


if __name__ == "__main__":
    sys.exit(main())

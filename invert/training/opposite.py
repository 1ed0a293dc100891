"""The opposite model of ``question``: learned through that network alone, without data.

It is what ``invert.opposite("question")`` returns. What else was tried: opposite-log.md.
"""

import keras

from invert.methods import opposite
from invert.networks import weights

WITHOUT_DATA = True


def train(mnist, seed: int):
    """Learn, with a progress bar. Returns the weights as a model, and figures."""
    bar = keras.utils.Progbar(100, unit_name="per cent")
    learned = opposite.opposite(
        opposite.SHIPPED, seed, lambda done, left: bar.update(min(99, int(100 * done)))
    )
    bar.update(100, finalize=True)
    made = learned.draw([number % 10 for number in range(1000)], seed=1)
    model = opposite.build_shipped()
    model.set_weights(learned.weights)
    convinced = sum(verdict == "convinced" for verdict in made.verdicts) / len(made.verdicts)
    weights.to_half(model)
    return model, {"convinced": convinced}

"""Inputs are the nearest that features allow, and what is held stays."""

import numpy as np
import tensorflow as tf

from invert.inversion.domain import Domain
from invert.inversion.parametrisations.features import Features

LOW, HIGH = (0.0, -2.0, 0.0, 0.0, 0.0), (1.0, 8.0, 1.0, 1.0, 1.0)
DOMAIN = Domain((5,), LOW, HIGH, is_image=False, whole=(1,), one_of=((2, 3, 4),))


def test_inputs_are_the_nearest_that_are_allowed():
    m = np.random.default_rng(0).random((50, 5)).astype(np.float32)
    made = DOMAIN.settled(DOMAIN.from_unit(Features.of(DOMAIN).make(tf.constant(m)).numpy()))
    np.testing.assert_allclose(made[:, 0], m[:, 0], atol=1e-6)
    assert (made[:, 1] == np.round(10 * m[:, 1] - 2)).all()
    np.testing.assert_array_equal(made[:, 2:], np.eye(3)[m[:, 2:].argmax(axis=1)])


def test_of_a_long_series_no_more_is_made_than_a_few_copies():
    """Groups of two and of three at 400 moments: a table of all by all has 8 million values."""
    starts = range(0, 2800, 7)
    groups = tuple(group for o in starts for group in ((o, o + 2), (o + 6, o + 4, o + 5)))
    m = np.random.default_rng(0).random((2, 400, 7)).astype(np.float32)
    make = Features((400, 7), one_of=groups).make
    made = tf.function(make).get_concrete_function(tf.TensorSpec(m.shape))
    results = [out for op in made.graph.get_operations() for out in op.outputs]
    assert sum(out.shape.num_elements() or 0 for out in results) <= 20 * m.size
    want = m.copy()
    for places in ([0, 2], [4, 5, 6]):
        want[..., places] = np.eye(len(places))[m[..., places].argmax(axis=-1)]
    np.testing.assert_array_equal(made(tf.constant(m)).numpy(), want)


def test_the_gradient_is_as_if_m_were_the_input_but_for_what_is_held():
    domain = Domain(
        (5,), LOW, HIGH, is_image=False, fixed={0: 0.5}, whole=(1,), one_of=((2, 3, 4),)
    )
    m = tf.Variable(np.full((2, 5), 0.3, np.float32))
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(Features.of(domain).make(m) * [1.0, 2.0, 3.0, 4.0, 5.0])
    assert tape.gradient(total, m).numpy().tolist() == [[0, 2, 3, 4, 5]] * 2


def test_of_a_group_what_is_fixed_decides():
    for fixed, places in (({3: 1.0}, {3}), ({3: 0.0}, {2, 4})):
        domain = Domain((5,), LOW, HIGH, is_image=False, fixed=fixed, one_of=((2, 3, 4),))
        features = Features.of(domain)
        m = features.begin(np.random.default_rng(0).random((40, 5)).astype(np.float32), domain)
        steps = np.random.default_rng(1).normal(size=m.shape).astype(np.float32)
        steps[:, list(features.held)] = 0  # as the gradient is
        made = features.make(features.project(m + steps)).numpy()
        assert (made[:, 2:].sum(axis=1) == 1).all()
        assert {*(2 + made[:, 2:].argmax(axis=1)).tolist()} == places


def test_m_stays_in_range_and_what_is_held_where_it_is():
    domain = Domain((2,), -1, 1, is_image=False, fixed={1: 0.5})
    features = Features.of(domain)
    m = features.begin(np.zeros((1, 2), np.float32), domain)
    assert features.project(m + np.float32([7, 0])).numpy().tolist() == [[1, 0.75]]

"""What is lost: what no answer notices, and what the left side's image loses."""

import re

import keras
import numpy as np
import pytest
from page_driver import ONE, ZERO, at, with_own_network
from test_why import data, pictures

import invert
from invert.explanation import activations, invariances
from invert.methods import starts
from invert.networks.classifier import DENSE, open_graph, read
from invert.page import examples
from invert.page.own_network import effort
from invert.page.panels import channels
from invert.page.panels import what_is_lost as lost


@pytest.fixture
def image(fresh):
    return examples.load()[8, 0]


def sums(images, name):
    """The first layer's sums, by hand."""
    graph = open_graph(name)
    weights = activations.first_weights(name).reshape(-1, graph.values).astype(np.float64)
    return np.reshape(images, (-1, graph.values)) @ weights.T


@pytest.mark.parametrize("name", ["question", "energy"])
def test_noise_of_any_strength_leaves_the_first_layers_sums_and_the_picture_is_that_mixture(
    image, name
):
    graph = open_graph(name)
    shown = lost._noise(name, image, graph)
    noise = invariances.noise(1.0, 0, graph)
    assert abs(sums(noise, name)).max() < 1e-4 < abs(sums(image, name)).max()
    (_, picture), (lines, mix) = pictures(shown), data(shown)
    for strength, opaque in zip(lost.STRENGTHS, mix, strict=True):
        mixture = (1 - opaque) * image + opaque * picture
        both = image + strength * noise
        # The same but for contrast: a straight line takes one to the other.
        fit = np.polynomial.Polynomial.fit(both.ravel(), mixture.ravel(), 1)
        assert np.abs(fit(both) - mixture).max() < 0.005
    assert len({line.split(": ")[1] for line in lines[0]}) == 1, "the reading stays"
    assert lines[0][0].startswith("strength 0.0") and lines[0][-1].startswith("strength 2.0")


def test_no_answer_moves_on_the_way_to_any_twin(image):
    shown = lost._twins("question", image, open_graph("question"))
    (start, *ends), (lines, mix) = pictures(shown), data(shown)
    assert len(ends) == len(lines) == 10
    want = read(image[None], "question")
    for end in ends:
        way = start + np.array(mix)[:, None, None] * (end - start)
        assert (read(way, "question").argmax(axis=1) == want.argmax()).all()
    assert np.linalg.norm(ends[-1] - start) > 5, "question leaves room for noise"
    assert all(re.search(r"reads 8, \d+% sure$", line) for way in lines for line in way)


def test_what_fills_the_unseen_part_is_not_noticed(image):
    shown = lost._filled("question", image, open_graph("question"))
    (start, *ends), (lines, _) = pictures(shown), data(shown)
    assert len(ends) == 3 and all(abs(end - start).max() > 0.05 for end in ends)
    assert {line.split(": ")[1] for way in lines for line in way} == {lines[0][0].split(": ")[1]}
    assert lines[0][0].startswith("0%: ") and lines[0][-1].startswith("100%: ")


def test_lost_side_follows_the_drawing_and_asks_for_one(page, monkeypatch):
    other = at(monkeypatch, right="What is lost", lost_image="drawn").click("back")
    assert "Nothing is drawn yet" in other.words and 'role="alert"' not in other.html
    other.draw(ONE)
    assert other.html.count('class="experiment"') == 4
    first = other.html
    other.draw(ZERO)
    assert other.html.count('class="experiment"') == 4 and other.html != first


def test_the_network_is_the_pages_and_one_of_convolutions_shows_its_channels(page, monkeypatch):
    monkeypatch.setattr(channels, "_show_groups", lambda *_: None)
    other = at(monkeypatch, right="What is lost", network="robust")
    assert "The first layer of robust" in other.words
    other = at(monkeypatch, right="What is lost", network="student")
    assert "A layer keeps what its channels look for" in other.words
    assert 'class="experiment"' not in other.html


def test_drags_ask_nothing_of_the_server(page, monkeypatch):
    other = at(monkeypatch, right="What is lost")
    assert other.html.count('class="way"') == 3 and not [
        slider for slider in other.test.slider if slider.key == "noise"
    ]


@pytest.mark.parametrize("name", DENSE)
def test_what_is_said_of_stray_ink_is_true_of_the_network_in_use(name, fresh):
    graph, digits = open_graph(name), examples.load()[:, :5].reshape(-1, 28, 28)
    shown = lost._ignored(name, graph)
    inked = starts.class_gaussian()[0].mean(axis=0).reshape(28, 28)
    free = np.flatnonzero(inked < lost.NO_INK)
    stray = digits.reshape(-1, 784).copy()
    stray[:, np.random.default_rng(0).choice(free, 40, replace=False)] = 1
    before, after = (read(x.reshape(-1, 28, 28), graph).argmax(axis=1) for x in (digits, stray))
    moved = (before != after).mean()
    assert ("moves it" in shown, "does not move it" in shown) == (moved > 0.1, moved == 0)
    assert {n for n in DENSE if f"<code>{n}</code>" in shown} == {name}


@pytest.mark.parametrize("name", DENSE)
def test_twins_name_another_network_only_beside_the_one_in_use(name, image):
    shown = lost._twins(name, image, open_graph(name))
    little = f"<code>{name}</code> leaves little room."
    assert (little in shown) == ("question" in shown) == (name != "question")


def dense(shape, *widths, before=()):
    keras.utils.set_random_seed(1)
    *hidden, classes = widths
    layers = [keras.Input(shape), *before, keras.layers.Flatten()]
    layers += [keras.layers.Dense(width, "relu") for width in hidden]
    return keras.Sequential([*layers, keras.layers.Dense(classes, "softmax")])


@pytest.mark.parametrize(
    ("shape", "widths"), [((8, 8), (20, 10)), ((28, 28), (300, 26)), ((6, 5, 3), (9,))]
)
def test_a_dense_network_of_any_shape_loses_what_no_sum_notices(fresh, shape, widths):
    scaled = [keras.layers.Rescaling(1 / 255)]
    graph = invert.freeze(dense(shape, *widths, before=scaled))
    image = (255 * np.random.default_rng(0).random(shape)).astype(np.float32)
    name = "mine#1"
    assert lost._seen(name, graph) == (widths[0], min(widths[0], graph.values))
    for part in (lost._noise, lost._filled):
        for way in data(part(name, image, graph))[0]:
            assert len({line.split(": ")[1] for line in way}) == 1, "the reading stays"
    names, goals = lost._goals(image, 0, graph)
    assert names[-1] == "noise" and goals.shape == (4, *shape)
    said = read(image[None], graph)
    twins = invariances.twin(image, graph.domain.from_unit(goals), graph, rounds=40)
    assert np.abs(read(twins, graph) - said).max() < 1.1e-4
    shown = lost._twins(name, image, graph)
    assert shown.count("its negative") == 3 and "choose it above" not in shown
    assert "ink in MNIST" not in lost._ignored(name, graph)


@pytest.fixture
def own_lost(page, monkeypatch, tmp_path):
    def opened(model):
        model.save(tmp_path / "mine.keras")
        other = at(monkeypatch, right="What is lost").click("back")
        return with_own_network(other, tmp_path / "mine.keras", monkeypatch)

    return opened


def test_ones_own_dense_network_shows_its_layers_and_what_it_loses(own_lost):
    own = own_lost(dense((8, 8), 20, 12, 10))
    assert lost.NOTHING_OTHER in own.words and 'role="alert"' not in own.html
    assert "8×8 pixels" in own.words and "20 units" in own.words and "12 units" in own.words
    own.draw(ZERO)
    assert own.html.count('class="experiment"') == 4 and 'role="alert"' not in own.html
    assert own.html.count('class="heat votes"') == 2 and "units of the second layer" in own.words


def test_a_first_layer_of_more_units_than_pixels_loses_nothing_and_says_so(own_lost):
    own = own_lost(dense((8, 8), 90, 10)).draw(ZERO)
    said = lost.SEES_ALL.format("mine", 90, 64).replace("`", "")
    assert said in own.words and own.html.count('class="experiment"') == 1


def test_a_first_layer_that_is_too_large_is_not_taken_apart(monkeypatch):
    graph = invert.freeze(dense((8, 8), 20, 10))
    assert effort.takes_apart(graph)
    for bound, value in (("MOST_WEIGHTS", 64 * 20 - 1), ("MOST_FACTORED", 64 * 20 * 20 - 1)):
        with monkeypatch.context() as lower:
            lower.setattr(effort, bound, value)
            del graph.compiled[effort.TAKEN_APART]
            assert not effort.takes_apart(graph)

"""How it works: the question, the four steps, the reply, and where each is answered."""

from html import escape

import streamlit as st

from invert.page.pictures import markup

STEPS = (
    ("Freeze", "graph = freeze(classifier)", "the weights become constants, the input stays open"),
    ("M", "M = tf.Variable(start)", "an image that can be learned"),
    (
        "Substitute",
        "score = import_graph_def(graph, input_map={input: M})",
        "M takes the place of the input",
    ),
    (
        "Learn M",
        "M -= step * gradient(loss(score, 8), M)",
        "again and again: the image changes, the network does not",
    ),
)
QUESTION = (
    "Somebody had trained a network to read handwritten digits, and asked: can I turn its input"
    " into a variable, and learn the input that makes it say “8”? Is there a better way?"
)
REPLY = (
    "Yes, it works. What it draws depends on what the network has learned to look at. The answer"
    " given at the time was: not really, because a classifier throws too much away; train an"
    " opposite model instead, from digit to image."
)
ANSWERS = (
    (
        "Can it be done?",
        "Generate",
        "Yes, in four steps. If M is pixels, the network as it was trained then (`question`) gets"
        " images that only it takes for digits. If M is a pen's strokes, it draws digits anyone"
        " can read. In pixels `robust` does, the same network trained to withstand small changes.",
    ),
    (
        "Is there a better way?",
        "Better ways",
        "Several: each is drawn, measured and set beside the others.",
    ),
    (
        "Is too much thrown away?",
        "What is lost",
        "A great deal is: noise that no answer notices, many images with one answer. What is lost"
        " is not needed, though, if the network kept what makes a digit. `student` is the proof: it"
        " has never seen handwriting, learned from what `energy` dreams, and reads 99 % of MNIST.",
    ),
    (
        "How often is it right?",
        "Accuracy",
        "Drop a few pictures of known classes: how many it reads right, how sure that is, what"
        " it takes for what.",
    ),
    (
        "What does it keep?",
        "Why",
        "Which ink matters, and how small a change flips the answer. The layers are shown under"
        " the canvas.",
    ),
)
KEYS = "Keys: 0 to 9 choose the digit. P shows canvas and picture alone, for a projector."
OPPOSITE = (
    "And an opposite model?",
    "Generate",
    "`question` has one, the method `opposite`: it learned through that network alone, without"
    " data, and answers at once. `inverse` learned from training images.",
)


def show(repository: str) -> None:
    """Show a button in the heading that opens the explanation, with a link to the code if any."""
    with st.popover("How it works", key="how"):
        st.html(html())
        st.html(markup.sentence(KEYS, "note"))
        if repository:
            st.link_button("The code", repository, icon=":material/code:")


def html() -> str:
    """Return the explanation."""
    steps = "".join(
        f"<li><b>{name}</b><code>{escape(line)}</code><span>{escape(what)}</span></li>"
        for name, line, what in STEPS
    )
    listed = "".join(
        f"<dt>{escape(question)} <b>{escape(tab)}</b></dt><dd>{markup.sentence(words)}</dd>"
        for question, tab, words in [*ANSWERS, OPPOSITE]
    )
    return (
        f'<div class="how" tabindex="0"><p>{escape(QUESTION)}</p><ol>{steps}</ol>'
        f"<p>{escape(REPLY)}</p><p>What this page finds, and where:</p><dl>{listed}</dl></div>"
    )

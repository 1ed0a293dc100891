"""How it works: the question, the plan, and where the page answers."""

from invert.page.frame import how


def test_how_it_works_says_where_each_answer_is(page):
    said = how.html()
    assert said in page.html
    for tab in ("Generate", "Better ways", "What is lost", "Why", "Accuracy"):
        assert f"<b>{tab}</b></dt>" in said
    for step in ("freeze", "tf.Variable", "input_map", "gradient"):
        assert step in said

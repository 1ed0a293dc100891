"""Pieces of HTML: the numbers in them."""

from invert.page.pictures import markup


def test_percent_does_not_call_nearly_sure_sure():
    values = (0.0, 0.0004, 0.0006, 0.004, 0.25, 0.9949, 0.996, 0.9994, 0.9996, 1.0)
    assert [markup.percent(p) for p in values] == (
        ["0%", "0%", "<1%", "<1%", "25%", "99%", ">99%", ">99%", "100%", "100%"]
    )

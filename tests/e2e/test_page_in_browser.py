"""The page as a visitor has it: real mouse, finger and keyboard in a real Chromium."""

import base64
import io
import json
import re
from pathlib import Path

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from conftest import wait_until
from PIL import Image

from invert import generate
from invert.evaluation.table import PLAN
from invert.film import path
from invert.page.session.settings import SEED

RUNGS = dict.fromkeys(rung[:2] for rung in PLAN)
MODELS_SECONDS = 240  # on two cores that others use as well
SECONDS = 30
SMALL_TARGETS = """() => [...document.querySelectorAll("button, [role=radio], [role=tab]")]
    .filter((b) => b.checkVisibility() && !b.closest(".answers, [data-testid=stTooltipIcon]"))
    .map((b) => [b.innerText || b.ariaLabel, b.getBoundingClientRect()])
    .filter(([, box]) => box.width > 0 && box.height < 43.5)
    .map(([name, box]) => `${name}: ${box.width}×${box.height}`)"""
TURN = np.linspace(0, 2 * np.pi, 24)
ONE = [(140, 45), (140, 140), (140, 235)]
ZERO = [(140 + 60 * np.sin(t), 140 - 90 * np.cos(t)) for t in TURN]
THREE = [(95, 70), (140, 50), (185, 75), (180, 115), (135, 138)]
THREE += [(185, 160), (195, 205), (150, 235), (90, 215)]


class Easel:
    """The canvas under a visitor's hand."""

    def __init__(self, page):
        self.page = page
        self.paper = page.locator("canvas.upper-canvas")

    def points(self, points):
        self.paper.scroll_into_view_if_needed()
        box = self.paper.bounding_box()
        return [(box["x"] + x, box["y"] + y) for x, y in points]

    def draw(self, points, until_read=True, steps=3):
        """Draw a stroke with the mouse and wait until the page has it, and not the pen's way."""
        before = self.page.locator(".reading").get_attribute("data-strokes")
        first, *others = self.points(points)
        self.page.mouse.move(*first)
        self.page.mouse.down()
        for point in others:
            self.page.mouse.move(*point, steps=steps)
        self.page.mouse.up()
        if until_read:
            read = "before => document.querySelector('.reading')?.dataset.strokes !== before"
            self.page.wait_for_function(read, arg=before)

    def draw_with_finger(self, points):
        touch = self.page.context.new_cdp_session(self.page)

        def send(kind, points):
            touch.send(
                "Input.dispatchTouchEvent",
                {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in points]},
            )

        first, *others = self.points(points)
        send("touchStart", [first])
        for point in others:
            send("touchMove", [point])
        send("touchEnd", [])

    def ink(self):
        """How many pixels of the drawing are dark, once it is painted."""
        frames(self.page)
        return self.page.locator("canvas.dc-canvas.lower-canvas").evaluate(
            """(canvas) => {
                const { data } = canvas.getContext("2d")
                  .getImageData(0, 0, canvas.width, canvas.height);
                let dark = 0;
                for (let i = 0; i < data.length; i += 4) dark += data[i] < 128 && data[i + 3] > 128;
                return dark;
            }"""
        )

    def wait_for_ink(self, ink):
        wait_until(lambda: self.ink() == ink, SECONDS)

    def tool(self, name):
        return self.page.get_by_role("button", name=name, exact=True)


def frames(page):
    """Wait until the browser has drawn three times: whatever it does before a frame is done."""
    page.evaluate(
        """async () => {
            for (let i = 0; i < 3; i++) await new Promise(requestAnimationFrame);
        }"""
    )


def at_rest(page):
    """Wait until the server has run the page and nothing on it fades in any more."""
    page.wait_for_function(
        """() => document.querySelector("[data-test-script-state=notRunning]")
            && document.getAnimations().every((each) => each.playState !== "running"
                || each.effect.getComputedTiming().endTime === Infinity)""",
        timeout=1000 * MODELS_SECONDS,  # a panel may have to compile beside other tests
    )


def count_sent(page):
    """From now on count in ``window.sent`` what the page sends to the server."""
    page.evaluate(
        """() => {
            const { send } = WebSocket.prototype;
            window.sent = 0;
            WebSocket.prototype.send = function (data) {
                window.sent += 1;
                return send.call(this, data);
            };
        }"""
    )


def answer(page, digit):
    """Wait until the classifier has read ``digit``."""
    page.locator(".answer .best b").get_by_text(str(digit), exact=True).wait_for()


def made(page, digit):
    """Wait until the images are such of ``digit``, and return their film."""
    film = page.locator(
        f'.film[aria-label^="Image made to be {"an" if digit == 8 else "a"} {digit}:"]'
    ).first
    film.wait_for()
    return film


def open_tab(page, name, shows):
    page.get_by_role("tab", name=name, exact=True).click()
    page.locator(shows).first.wait_for()


def more(page, side):
    """Show what stands under More, of the side that reads or of the one that draws."""
    button = page.locator(f".more[data-more={side}]")
    if button.is_visible() and button.get_attribute("aria-expanded") == "false":
        button.click()
    page.locator(f".st-key-more-{side}").wait_for()


def close_more(page):
    """Hide it again, on whichever side it is shown."""
    for button in page.locator(".more[aria-expanded=true]").all():
        button.click()


def choose(page, key, option):
    page.locator(f".st-key-{key}").get_by_role("radio", name=option, exact=True).click()


def wait_for_url(page, part):
    page.wait_for_function("part => location.search.includes(part)", arg=part)


def wait_for_new_seed(page):
    """Wait until the link has a seed. One roll in 10,000 is the usual seed, which no link names."""
    wait_for_url(page, "seed=")


def slow(page):
    """Let films that are played again take 48 seconds: time to stop them on any machine."""
    page.evaluate(
        """() => {
            const play = Animation.prototype.play;
            Animation.prototype.play = function () {
                this.playbackRate = 0.05;
                play.call(this);
            };
        }"""
    )


def animations(film):
    return film.evaluate("film => film.getAnimations().length")


def position(film):
    return float(
        film.evaluate("film => getComputedStyle(film).backgroundPositionY").removesuffix("%")
    )


# --- Loading

LOADING = re.compile("Starting|Loading|Compiling")


@pytest.mark.long
def test_page_shows_before_everything_is_compiled_and_says_what_is_loading(browser, spare):
    spare.kill()
    spare.run(compiles="all")
    page = browser.new_context(viewport={"width": 1366, "height": 768}).new_page()
    page.goto(spare.address)
    page.get_by_role("status").get_by_text(LOADING).wait_for()
    page.locator(".st-key-digit").get_by_text("8", exact=True).wait_for()
    page.locator("canvas.upper-canvas").wait_for()
    tabs = page.get_by_role("tab").all_inner_texts()
    left = ["Classify", "Accuracy", "Why"]
    assert tabs == [*left, "Generate", "Better ways", "What is lost", "Code"]
    assert "MNIST test digit" in page.locator("body").inner_text()
    page.get_by_role("status").get_by_text(LOADING).wait_for()
    page.context.close()
    spare.kill()


# --- Classify


def test_an_example_is_read_until_the_pen_touches_and_nothing_on_a_blank_canvas(visit):
    page = visit()
    digit = re.search(r"labelled (\d)", page.locator(".given").inner_text())[1]
    answer(page, digit)
    assert page.locator(".answers button").count() == 10
    easel = Easel(page)
    easel.draw(ONE)
    answer(page, 1)
    easel.tool("Undo").click()
    page.locator(".answer").get_by_text("Draw a digit", exact=True).wait_for()
    assert page.locator(".bars li").count() == 10 and page.locator(".given").count() == 0


def test_answers_come_while_the_pen_moves(visit):
    page = visit()
    page.get_by_role("status").get_by_text("Ready").wait_for(timeout=MODELS_SECONDS * 1000)
    page.evaluate(
        """() => {
            window.answers = [];
            new MutationObserver(() => {
                const said = document.querySelector(".answer .best b")?.innerText;
                const bars = document.querySelector(".bars")?.innerText;
                if (bars !== window.bars) window.answers.push(said);
                window.bars = bars;
            }).observe(document.querySelector(".st-key-answer"),
                { subtree: true, childList: true, characterData: true });
        }"""
    )
    easel = Easel(page)
    first, *others = easel.points(THREE)
    page.mouse.move(*first)
    page.mouse.down()
    seen = page.locator(".seen img")
    for point in others:
        before = seen.get_attribute("src")
        page.mouse.move(*point, steps=10)
        page.wait_for_function(
            "before => document.querySelector('.seen img')?.src !== before", arg=before
        )
    answer(page, 3)
    assert page.locator(".reading").get_attribute("data-strokes") == "0", "the pen is still down"
    live = page.evaluate("window.answers")
    assert len(live) >= 4 and live[-1] == "3", live
    layers = page.locator(".layers .line").inner_text()
    assert "vote for 3" in layers, "the layers follow"
    page.evaluate(
        """() => {
            window.told = [];
            new MutationObserver(() => {
                const { ended, strokes } = document.querySelector(".reading")?.dataset ?? {};
                window.told.push(`${ended} ended, ${strokes} sent`);
            }).observe(document.querySelector(".st-key-answer"),
                { subtree: true, childList: true, attributes: true });
        }"""
    )
    page.mouse.up()
    wait_for_url(page, "drawing=")
    told = page.evaluate("window.told")
    assert "1 ended, 0 sent" in told, f"it is read before the canvas sends it; got {told}"
    answer(page, 3)


@pytest.mark.long
def test_a_link_opens_with_my_drawing_and_what_became_of_it(visit):
    page = visit()
    Easel(page).draw(THREE)
    answer(page, 3)
    page.get_by_role("button", name="Start from my drawing").click()
    page.locator('.film[aria-label^="Image made to be an 8:"]').wait_for()
    wait_for_url(page, "start=my+drawing")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Share").click()
    page.get_by_role("button", name="Link copied").wait_for()
    link = page.evaluate("navigator.clipboard.readText()")
    assert link == page.url and len(link) < 700
    other = visit(link[link.index("?") :], owner="a friend")
    answer(other, 3)
    assert Easel(other).ink() > 1000
    assert "of the others 3 comes highest" in other.locator(".chart img").get_attribute("alt")
    Easel(other).draw([(60, 250), (220, 250)])
    other.locator(".answer .second").wait_for()
    Easel(other).tool("Undo").click()
    answer(other, 3)


def test_strokes_of_the_mouse_are_read(visit):
    page = visit()
    easel = Easel(page)
    for digit, strokes in ((1, ONE), (0, ZERO), (3, THREE)):
        easel.tool("Clear").click()
        easel.draw(strokes)
        answer(page, digit)
        page.wait_for_function(  # the longest bar is the answer's
            """digit => {
                const bar = document.querySelectorAll(".bars li")[digit].querySelector("i");
                const widths = [bar, bar.parentElement].map((e) => e.getBoundingClientRect().width);
                return widths[0] > widths[1] / 2;
            }""",
            arg=digit,
        )
        assert page.get_by_alt_text("the image as it goes in").count() == 1


def test_undo_redo_and_clear_by_mouse(visit):
    page = visit()
    easel = Easel(page)
    easel.draw(ONE)
    answer(page, 1)
    one = easel.ink()
    easel.draw([(60, 60), (220, 60)])
    page.wait_for_function("document.querySelector('.answer .best b')")
    both = easel.ink()
    assert both > one > 0
    easel.tool("Undo").click()
    easel.wait_for_ink(one)
    answer(page, 1)
    easel.tool("Redo").click()
    easel.wait_for_ink(both)
    easel.tool("Clear").click()
    easel.wait_for_ink(0)
    page.locator(".answer").get_by_text("Draw a digit").wait_for()
    easel.tool("Undo").click()
    easel.wait_for_ink(both)
    page.keyboard.press("Control+Shift+z")
    easel.wait_for_ink(0)
    page.keyboard.press("Control+z")
    easel.wait_for_ink(both)
    page.keyboard.press("Control+z")
    easel.wait_for_ink(one)
    page.keyboard.press("Control+y")
    easel.wait_for_ink(both)
    page.keyboard.press("Control+z")
    easel.wait_for_ink(one)
    answer(page, 1)


def test_clear_and_undo_of_a_drawing_that_a_link_came_with(visit):
    page = visit()
    easel = Easel(page)
    easel.draw(ONE)
    wait_for_url(page, "drawing=")
    other = visit("?" + page.url.partition("?")[2], owner="another")
    answer(other, 1)
    theirs = Easel(other)
    ink = theirs.ink()
    assert ink > 0
    theirs.tool("Clear").click()
    theirs.wait_for_ink(0)
    other.locator(".answer").get_by_text("Draw a digit").wait_for()
    theirs.tool("Undo").click()
    theirs.wait_for_ink(ink)
    answer(other, 1)


def test_clear_takes_an_example_away(visit):
    page = visit()
    page.locator(".given").wait_for()
    Easel(page).tool("Clear").click()
    page.locator(".answer").get_by_text("Draw a digit").wait_for()
    page.locator(".given").wait_for(state="detached")


def test_back_and_forward_move_between_choices_and_keep_the_drawing(visit):
    page = visit()
    choose(page, "digit", "5")
    made(page, 5)
    choose(page, "network", "robust")
    wait_for_url(page, "network=robust")
    Easel(page).draw(ONE)
    wait_for_url(page, "drawing=")
    page.go_back()
    checked = ".st-key-{} [aria-checked=true]"
    page.locator(checked.format("network"), has_text="energy").wait_for()
    made(page, 5)
    wait_for_url(page, "drawing=")
    page.go_back()
    made(page, 8)
    answer(page, 1)
    page.go_forward()
    made(page, 5)
    assert "drawing=" in page.url and "digit=5" in page.url


def test_an_answer_that_waits_looks_so(visit):
    page = visit()
    easel = Easel(page)
    easel.draw(ONE)
    answer(page, 1)
    page.evaluate(
        """() => {
            const send = WebSocket.prototype.send; // the server hears nothing for a while
            window.kept = [];
            WebSocket.prototype.send = function (data) { window.kept.push([this, data]); };
            window.speak = () => {
                WebSocket.prototype.send = send;
                for (const [socket, data] of window.kept) send.call(socket, data);
            };
        }"""
    )
    easel.draw([(60, 60), (220, 60)], until_read=False)
    page.locator("body.waits").wait_for(state="attached")
    page.wait_for_function(
        "() => Number(getComputedStyle(document.querySelector('.reading')).opacity) < 0.5"
    )
    page.get_by_role("tab", name="Code", exact=True).click()
    page.wait_for_function(
        """() => [...document.querySelectorAll("[role=tabpanel] > :empty")].some(
            (panel) => getComputedStyle(panel, "::before").content.includes("Waiting"))"""
    )
    page.evaluate("window.speak()")
    page.locator("[data-testid=stCode]").first.wait_for()
    page.locator("body:not(.waits)").wait_for(state="attached")


def test_a_picture_is_dropped_on_the_canvas_or_pasted(visit, sample):
    page = visit()
    images, labels = sample
    for digit, kind in ((7, "drop"), (3, "paste")):
        picture = 255 - (255 * images[labels == digit][0]).astype(np.uint8)
        out = io.BytesIO()
        Image.fromarray(picture.repeat(9, 0).repeat(9, 1)).save(out, "PNG")
        page.evaluate(
            """([kind, data]) => {
                const bytes = Uint8Array.from(atob(data), (sign) => sign.charCodeAt(0));
                const files = new DataTransfer();
                files.items.add(new File([bytes], `${kind}ped.png`, { type: "image/png" }));
                const event = kind === "drop"
                  ? new DragEvent(kind, { dataTransfer: files, bubbles: true, cancelable: true })
                  : new ClipboardEvent(kind, { clipboardData: files, bubbles: true });
                document.querySelector(".st-key-easel").dispatchEvent(event);
            }""",
            [kind, base64.b64encode(out.getvalue()).decode()],
        )
        page.locator(".given").get_by_text(f"your picture {kind}ped.png", exact=True).wait_for()
        answer(page, digit)


def test_a_digit_key_leaves_no_frame_where_one_clicked_before(visit):
    page = visit()
    choose(page, "network", "energy")
    page.keyboard.press("7")
    made(page, 7)
    framed = "[...document.querySelectorAll('[data-focus-visible]')].length"
    page.wait_for_function(f"{framed} === 0")


def test_undo_redo_and_clear_by_keyboard(visit):
    page = visit()
    easel = Easel(page)
    easel.draw(ONE)
    answer(page, 1)
    ink = easel.ink()
    easel.tool("Undo").focus()
    page.keyboard.press("Enter")
    easel.wait_for_ink(0)
    easel.tool("Redo").focus()
    page.keyboard.press("Space")
    easel.wait_for_ink(ink)
    page.keyboard.press("Tab")
    focused = "document.activeElement.shadowRoot.activeElement.getAttribute('aria-label')"
    # Redo is disabled by now and has lost the focus; the next stop is Clear all the same.
    assert page.evaluate(focused) == "Clear"
    page.keyboard.press("Enter")
    easel.wait_for_ink(0)


def test_at_first_sight_tools_cover_nothing_images_are_crisp_and_tabs_have_a_keyboard(visit):
    page = visit("?count=4")
    paper = page.locator("canvas.upper-canvas").bounding_box()
    for name in ("Undo", "Redo", "Clear"):
        tool = Easel(page).tool(name)
        assert tool.is_visible() and tool.evaluate("tool => getComputedStyle(tool).opacity") != "0"
        box = tool.bounding_box()
        assert box["y"] >= paper["y"] + paper["height"] and box["y"] + box["height"] <= 768
    assert page.locator(".film").count() == 4
    for film in page.locator(".film").all():
        assert film.evaluate("film => getComputedStyle(film).imageRendering") == "pixelated"
        assert film.bounding_box()["width"] % 28 == 0
    for title in ("Classify", "Generate"):
        tab = page.get_by_role("tab", name=title)
        assert tab.get_attribute("aria-selected") == "true"
        tab.focus()
        page.keyboard.press("Enter")
        assert page.get_by_role("tabpanel", name=title).is_visible()


def test_corners_take_strokes_top_right_too(visit):
    page = visit()
    easel = Easel(page)
    corners = {
        "top right": [(268, 12), (230, 10), (180, 12)],
        "top left": [(8, 8), (60, 8), (8, 40)],
        "bottom right": [(272, 272), (272, 230), (200, 272)],
    }
    for corner, strokes in corners.items():
        page.mouse.move(5, 5)  # from outside: the toolbar, unseen, once lay there until hovered
        at_rest(page)
        easel.draw(strokes)
        assert easel.ink() > 500, corner
        page.get_by_alt_text("the image as it goes in").wait_for()
        easel.tool("Clear").click()
        page.locator(".answer").get_by_text("Draw a digit").wait_for()


def test_finger_draws_on_a_phone(visit):
    options = {"has_touch": True, "is_mobile": True, "first": ".answer .best"}
    page = visit(width=390, height=844, **options)
    easel = Easel(page)
    easel.draw_with_finger(ONE)
    answer(page, 1)
    easel.tool("Clear").tap()
    page.locator(".answer").get_by_text("Draw a digit").wait_for()


def test_pen_width_changes_the_stroke_and_keeps_the_drawing(visit):
    page = visit()
    easel = Easel(page)
    easel.draw(ONE)
    answer(page, 1)
    before = easel.ink()
    more(page, "reading")
    choose(page, "pen", "thick")
    wait_for_url(page, "pen=thick")
    close_more(page)
    assert easel.ink() == before
    easel.tool("Clear").click()
    easel.wait_for_ink(0)
    page.locator(".answer").get_by_text("Draw a digit").wait_for()
    easel.draw(ONE)
    answer(page, 1)
    assert easel.ink() > 1.3 * before


def test_drawing_outlives_everything_done_on_the_other_side(visit):
    page = visit()
    easel = Easel(page)
    easel.draw(ZERO)
    answer(page, 0)
    ink = easel.ink()
    choose(page, "digit", "5")
    made(page, 5)
    choose(page, "network", "question")
    wait_for_url(page, "network=question")
    for name in ("Why", "Classify", "Better ways", "What is lost", "Code", "Generate"):
        page.get_by_role("tab", name=name, exact=True).click()
    assert easel.ink() == ink


# --- Generate


WATCH_PEN = """() => {
    window.pen = { ways: new Set(), shares: new Set(), written: 0, again: [] };
    new MutationObserver((records) => {
        for (const { target, attributeName, oldValue, addedNodes, removedNodes } of records) {
            pen.written += 1;
            const [now, before] = attributeName ? [target.getAttribute(attributeName), oldValue]
                : [addedNodes[0]?.data, removedNodes[0]?.data];
            if (now === before) pen.again.push(`${attributeName} ${now}`);
        }
    }).observe(document.querySelector(".run"), {
        childList: true, subtree: true, attributeOldValue: true,
        attributeFilter: ["aria-label", "aria-valuetext", "class"],
    });
    const look = () => {
        const { pen } = window, path = document.querySelector(".film svg.pen path");
        if (path?.style.strokeDasharray === "1") pen.shares.add(path.style.strokeDashoffset);
        else if (path) pen.ways.add(path.getAttribute("d"));
        requestAnimationFrame(look);
    };
    look();
}"""


def test_a_pen_writes_its_start_and_bends_it_from_control_points(visit):
    page = visit(moving=True)
    page.get_by_role("status").get_by_text("Ready").wait_for(timeout=MODELS_SECONDS * 1000)
    choose(page, "network", "question")
    page.wait_for_function("document.querySelector('.at')?.innerText === 'step 300 of 300'")
    scrub, play = page.get_by_label("Position in the film"), page.locator(".play")
    slow(page)
    page.evaluate(WATCH_PEN)
    seek(scrub, 1)
    play.click()
    page.wait_for_function("pen.shares.size > 5")
    seek(scrub, 13)
    play.click()
    page.wait_for_function("pen.ways.size > 40")  # of pictures there would be 32
    assert page.evaluate("pen.written > 0 && pen.again") == [], "only what changed is written"
    seek(scrub, int(scrub.get_attribute("max")))
    run = generate(8, classifier="question", seed=SEED)
    drawn = [path.get_attribute("d") for path in page.locator(".film svg.pen path").all()]
    for stroke, way in zip(run.strokes[0], drawn, strict=True):
        numbers = [np.array(re.findall(r"[-.0-9]+", each), float) for each in (way, path(stroke))]
        np.testing.assert_allclose(*numbers, atol=0.5)
    seek(scrub, 5)
    assert page.locator(".at").inner_text() == "the start"
    assert 0 < float(drawn_share(page)) < 1 and page.locator(".sheet .seen").evaluate(
        "seen => seen.style.opacity === '0'"
    )


def test_strokes_become_the_visitors_and_a_3_is_bent_into_an_8(visit):
    page = visit("?network=question&digit=1")
    easel = Easel(page)
    easel.draw(THREE)
    answer(page, 3)
    page.get_by_role("button", name="Put it on the canvas").click()
    answer(page, 1)
    strokes = page.locator(".reading[data-strokes='2']")
    strokes.wait_for()
    put = easel.ink()
    easel.draw([(60, 250), (220, 250)])
    for ink in (put, None, None):
        before = easel.ink()
        easel.tool("Undo").click()
        wait_until(lambda before=before: easel.ink() != before, SECONDS)
        assert ink in (None, easel.ink())
    answer(page, 3)
    page.get_by_role("button", name="Bend my drawing").click()
    wait_for_url(page, "start=my+drawing")
    choose(page, "digit", "8")
    label = made(page, 8).get_attribute("aria-label")
    assert "network says 8" in label
    assert page.locator(".film svg.pen path").count() == 1, "one stroke, as it was drawn"


def drawn_share(page):
    return page.locator(".film svg.pen path").first.evaluate("p => p.style.strokeDashoffset")


def seek(scrub, position):
    """Move a film by hand."""
    scrub.evaluate(
        """(scrub, position) => {
            scrub.value = position;
            scrub.dispatchEvent(new Event("input", { bubbles: true }));
        }""",
        position,
    )


def test_keys_choose_the_digit_except_where_one_types(visit):
    page = visit()
    page.keyboard.press("4")
    made(page, 4)
    wait_for_url(page, "digit=4")
    more(page, "drawing")
    seed = page.get_by_label("Seed", exact=True)
    seed.fill("7")
    seed.press("Enter")
    wait_for_url(page, "seed=7")
    made(page, 4)


def test_film_moves_ends_and_can_be_replayed_scrubbed_and_stopped(visit):
    page = visit(moving=True)
    choose(page, "digit", "6")
    film = made(page, 6)
    assert animations(film) == 1, "it moves by itself"
    end = page.locator(".player .at", has_text=re.compile(r"^step (\d+) of \1$"))
    end.wait_for()
    assert position(film) == 100
    slow(page)
    page.get_by_role("button", name="Play the film").click()
    moving = "parseFloat(getComputedStyle(document.querySelector('.film')).backgroundPositionY) > 0"
    page.wait_for_function(moving)
    page.get_by_role("button", name="Pause the film").click()
    assert 0 < position(film) < 100 and animations(film) == 0
    scrub = page.get_by_label("Position in the film")
    scrub.focus()
    page.keyboard.press("Home")
    assert position(film) == 0
    page.locator(".player .at", has_text=re.compile("^step 0 of")).wait_for()
    page.keyboard.press("ArrowRight")
    assert 0 < position(film) < 10
    assert (
        0 < float(page.locator(".run").evaluate("run => run.style.getPropertyValue('--at')")) < 0.1
    )
    page.keyboard.press("End")
    assert position(film) == 100


def test_film_stands_still_for_those_who_want_it_still(visit):
    page = visit("?digit=2")
    film = made(page, 2)
    assert position(film) == 100
    assert animations(film) == 0
    page.get_by_label("Position in the film").fill("0")
    assert position(film) == 0, "moved by hand it moves"


@pytest.mark.long
def test_link_shows_the_same_images_to_somebody_else(visit):
    page = visit()
    choose(page, "digit", "7")
    made(page, 7)
    more(page, "drawing")
    option = page.get_by_role("option", name="noise")
    while not option.is_visible():  # a run of the page closes a list that was just opened
        page.get_by_label(re.compile("^Start")).click()
        at_rest(page)
    option.click()
    wait_for_url(page, "start=noise")
    page.get_by_role("button", name="New seed").click()
    wait_for_new_seed(page)
    page.get_by_role("slider", name="Images").press("Home")
    page.get_by_role("slider", name="Images").press("ArrowRight")
    wait_for_url(page, "count=2")
    page.wait_for_function("document.querySelectorAll('.film').length === 2")
    query = page.evaluate("location.search")
    assert "digit=7" in query
    sprite = "document.querySelector('.sheet').style.getPropertyValue('--sprite')"
    at_rest(page)
    other = visit(query, owner="somebody else")
    made(other, 7)
    assert other.evaluate(sprite) == page.evaluate(sprite)


# --- Back and forth


def test_generated_images_are_classified_by_keyboard(visit):
    page = visit("?count=4")
    made(page, 8)
    page.get_by_role("button", name="Read image 1").focus()
    for number, key in ((2, "Enter"), (3, "Space")):
        page.keyboard.press("Tab")
        focused = page.locator(":focus")
        assert focused.get_attribute("aria-label") == f"Read image {number}"
        assert focused.evaluate("button => getComputedStyle(button).outlineStyle") == "solid"
        page.keyboard.press(key)
        sees(page, number)
    page.keyboard.press("Tab")
    assert page.locator(":focus").get_attribute("aria-label") == "Read image 4", "focus stayed"
    assert page.get_by_role("button", name=re.compile("^Read image")).count() == 4


@pytest.mark.long
def test_finger_moves_every_control(visit):
    page = visit(
        moving=True, width=390, height=844, has_touch=True, is_mobile=True, first=".answer .best"
    )
    page.get_by_role("button", name="It draws").tap()
    assert page.locator("canvas.upper-canvas").is_hidden()
    page.locator(".st-key-digit").get_by_role("radio", name="6", exact=True).tap()
    film = made(page, 6)
    page.locator(".st-key-network").get_by_role("radio", name="robust", exact=True).tap()
    wait_for_url(page, "network=robust")
    page.locator(".player .at", has_text="of 80").wait_for()
    page.locator(".player .at", has_text=re.compile(r"^step (\d+) of \1$")).wait_for()
    slow(page)
    page.get_by_role("button", name="Play the film").tap()
    page.get_by_role("button", name="Pause the film").tap()
    assert position(film) < 100
    scrub = page.get_by_label("Position in the film")
    box = scrub.bounding_box()
    page.touchscreen.tap(box["x"] + box["width"] / 4, box["y"] + box["height"] / 2)
    assert 15 < position(film) < 35
    page.locator(".st-key-network").get_by_role("radio", name="energy", exact=True).tap()
    wait_for_url(page, "digit=6")
    page.locator(".more[data-more=drawing]").tap()
    page.get_by_role("button", name="New seed").tap()
    wait_for_new_seed(page)
    close_more(page)
    page.get_by_role("button", name="It reads").tap()
    page.locator(".more[data-more=reading]").tap()
    page.get_by_role("button", name="Example digit").tap()
    close_more(page)
    page.locator(".given").wait_for()
    page.locator(".answer .best").wait_for()
    Easel(page).tool("Clear").tap()
    page.locator(".given").wait_for(state="detached")
    page.get_by_role("tab", name="Why", exact=True).tap()
    page.locator(".st-key-why").get_by_text("Nothing is drawn yet").wait_for()


def test_keyboard_moves_every_control(visit):
    page = visit(moving=True)
    page.locator(".st-key-digit").get_by_role("radio", name="8", exact=True).focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    film = made(page, 9)
    page.locator(".st-key-network").get_by_role("radio", name="energy", exact=True).focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Space")
    wait_for_url(page, "network=robust")
    page.locator(".player .at", has_text=re.compile(r"^step 80 of 80$")).wait_for()
    page.locator(".more[data-more=drawing]").focus()
    page.keyboard.press("Enter")
    page.locator(".st-key-method").get_by_role("radio", name="its best", exact=True).focus()
    for _ in range(2):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    wait_for_url(page, "method=regularized")
    page.locator(".player .at", has_text=re.compile(r"^step 200 of 200$")).wait_for()
    while "start=" not in page.url:  # a run of the page closes a list that was just opened
        page.get_by_label(re.compile("^Start")).focus()
        for key in ("ArrowDown", "ArrowDown", "Enter"):
            page.keyboard.press(key)
        frames(page)
        at_rest(page)
    page.get_by_role("button", name="New seed").focus()
    page.keyboard.press("Enter")
    wait_for_new_seed(page)
    at_rest(page)
    close_more(page)
    slow(page)
    page.get_by_role("button", name="Play the film").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Space")
    assert position(film) < 100 and page.get_by_role("button", name="Play the film").count() == 1
    page.get_by_role("button", name="How it works").focus()
    page.keyboard.press("Enter")
    page.locator(".how").wait_for()
    page.keyboard.press("Escape")
    page.locator(".how").wait_for(state="hidden")


def test_tapped_image_is_classified_and_the_answer_comes_into_view(visit):
    options = {"has_touch": True, "is_mobile": True, "owner": "somebody who taps"}
    page = visit("?count=16", width=390, height=844, first=".answer .best", **options)
    for motion, number in (("no-preference", 14), ("reduce", 3)):
        page.emulate_media(reduced_motion=motion)
        page.get_by_role("button", name="It draws").tap()
        made(page, 8)
        page.get_by_role("button", name=f"Read image {number}", exact=True).tap()
        sees(page, number)
        assert page.get_by_role("button", name="It reads").get_attribute("aria-pressed") == "true"
        page.wait_for_function(
            """() => {
                const { top, bottom } = document.querySelector(".given").getBoundingClientRect();
                return top >= 0 && bottom <= innerHeight;
            }"""
        )


def sees(page, number):
    """Wait until the left side reads what stands at the end of an image's film."""
    address = page.locator(".sheet").evaluate("s => s.style.getPropertyValue('--sprite')")
    sprite = decoded(re.search(r"base64,([^)\"]*)", address)[1])
    image = sprite[-28:, 28 * (number - 1) : 28 * number]
    page.locator(".seen img").wait_for()
    seen = page.locator(".seen img")
    wait_until(lambda: np.array_equal(decoded(seen.get_attribute("src")), image), SECONDS)


def decoded(address):
    """The grey levels of a PNG in a data URI."""
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(address.split(",")[-1]))).convert("L"))


def covers(page, cover):
    paper, box = page.locator("canvas.upper-canvas").bounding_box(), cover.bounding_box()
    return all(abs(paper[side] - box[side]) <= 2 for side in ("x", "y", "width", "height"))


def test_pictures_are_uploaded_and_bad_ones_change_nothing(visit, tmp_path, sample):
    page = visit()
    Easel(page).draw(ONE)
    answer(page, 1)
    images, labels = sample
    seven = 255 - (255 * images[labels == 7][0]).astype(np.uint8)
    good, bad = tmp_path / "seven.png", tmp_path / "cut.png"
    Image.fromarray(seven.repeat(9, 0).repeat(9, 1)).save(good)
    bad.write_bytes(good.read_bytes()[:200])
    more(page, "reading")
    page.locator(".st-key-upload input[type=file]").set_input_files(good)
    page.locator(".given").get_by_text("your picture seven.png", exact=True).wait_for()
    answer(page, 7)
    page.locator(".st-key-upload input[type=file]").set_input_files(bad)
    page.get_by_role("alert").get_by_text("cut short or damaged").wait_for()
    answer(page, 7)
    page.locator(".given").get_by_text("your picture seven.png", exact=True).wait_for()
    two = tmp_path / "two.png"
    Image.fromarray(np.tile(seven, (1, 2)).repeat(9, 0).repeat(9, 1)).save(two)
    page.locator(".st-key-upload input[type=file]").set_input_files(two)
    words = "your picture two.png: I see 2 digits, read as one"
    page.locator(".given").get_by_text(words, exact=True).wait_for()
    page.locator(".answer").get_by_text("takes it for no digit").wait_for()
    close_more(page)
    page.get_by_role("button", name="Back to my drawing").click()
    answer(page, 1)
    assert page.get_by_role("alert").count() == 0


def test_images_film_and_numbers_are_kept(visit):
    page = visit("?count=4&digit=6&seed=3")
    made(page, 6)
    page.get_by_role("button", name="Keep").click()
    kept = {}
    for label in ("Images (PNG)", "Film (GIF)", "Numbers (NPZ)"):
        with page.expect_download() as download:
            page.get_by_role("button", name=label).click()
        file = download.value
        kept[file.suggested_filename] = Path(file.path()).read_bytes()
    assert list(kept) == [f"6-energy-steepest-seed-3.{ending}" for ending in ("png", "gif", "npz")]
    png, gif, npz = kept.values()
    assert Image.open(io.BytesIO(png)).size == (560, 560 + 68)  # and the caption
    assert Image.open(io.BytesIO(gif)).n_frames > 10
    with np.load(io.BytesIO(npz), allow_pickle=False) as numbers:
        assert numbers["images"].shape == (4, 28, 28)
        assert json.loads(str(numbers["settings"]))["seed"] == 3
    assert page.locator(".film").count() == 4


# --- Why, Better ways, What is lost


def test_why_shows_the_ink_and_turns_the_drawing_into_what_would_be_read_otherwise(visit):
    page = visit("?network=robust")
    easel = Easel(page)
    easel.draw(ZERO)
    answer(page, 0)
    ink = easel.ink()
    open_tab(page, "Why", ".why .heat")
    assert page.locator(".why .heat").count() == 2
    morph = page.locator(".why .morph")
    slider, said = morph.get_by_role("slider"), morph.locator(".said")
    slider.focus()
    page.keyboard.press("Home")
    assert said.inner_text().startswith("robust reads 0")
    morph.get_by_role("button", name="6", exact=True).click()
    assert said.inner_text().startswith("robust reads 6")
    assert slider.get_attribute("aria-valuetext") == said.inner_text()
    told = morph.locator(".told").filter(visible=True).inner_text()
    assert "robust takes this for a 6 after a change of" in told and "question" in told
    page.get_by_role("tab", name="Classify").click()
    answer(page, 0)
    assert easel.ink() == ink


def test_units_show_their_weights_to_mouse_finger_and_keyboard(visit):
    options = {"has_touch": True, "is_mobile": True, "first": ".answer .best"}
    page = visit(width=390, height=844, **options)
    Easel(page).draw(ZERO)
    answer(page, 0)
    page.wait_for_function("document.querySelector('.reading').dataset.strokes === '1'")
    units, line = page.locator(".units"), page.locator(".layers .line")
    units.scroll_into_view_if_needed()
    box = units.bounding_box()

    def at(column, row):
        side = box["width"] / 16
        return box["x"] + (column + 0.5) * side, box["y"] + (row + 0.5) * side

    def shows(column, row):
        unit = 16 * row + column + 1
        assert line.inner_text().startswith(f"Unit {unit} responds to this.")
        assert units.get_attribute("aria-valuenow") == str(unit)
        assert units.get_attribute("aria-valuetext") == line.inner_text()
        where = page.locator(".layers .weights").evaluate(
            "w => getComputedStyle(w).backgroundPosition.split(' ').map(parseFloat)"
        )
        np.testing.assert_allclose(where, [100 * column / 15, 100 * row / 15], atol=0.01)
        assert page.locator(".layers .weights").is_visible()

    page.mouse.move(*at(3, 5))
    shows(3, 5)
    page.mouse.move(1, 1)  # or the mouse would go on pointing when the page changes under it
    page.touchscreen.tap(*at(15, 0))
    shows(15, 0)
    units.focus()
    for key, place in (("ArrowRight", (15, 0)), ("ArrowDown", (15, 1)), ("ArrowLeft", (14, 1))):
        page.keyboard.press(key)
        shows(*place)
    page.keyboard.press("End")
    shows(15, 15)
    page.keyboard.press("Home")
    page.keyboard.press("ArrowUp")
    shows(0, 0)
    page.get_by_role("button", name=re.compile("^Who voted for 6")).tap()
    assert "vote for 6" in line.inner_text() and page.locator(".layers .weights").is_hidden()


@pytest.mark.long
def test_ladder_has_a_row_a_method_and_an_image_opens_on_generate(visit):
    page = visit("?right=Generate")
    Easel(page).draw(ONE)
    answer(page, 1)
    open_tab(page, "Better ways", ".ten")
    rungs = page.locator(".rung")
    rungs.nth(len(RUNGS) - 1).locator(".ten").wait_for()
    shown = rungs.evaluate_all("rungs => rungs.map((rung) => rung.dataset.rung)")
    assert shown == [f"{classifier} {method}" for classifier, method in RUNGS]
    assert all(rung.locator(".ten button").count() == 10 for rung in rungs.all())
    seed = page.get_by_label("Seed of all methods", exact=True)
    seed.fill("7")
    seed.press("Enter")
    wait_for_url(page, "ladder-seed=7")
    page.locator('.rung[data-rung="robust steepest"] button').nth(4).click()
    made(page, 4)
    wait_for_url(page, "network=robust")
    answer(page, 1)


def test_noise_slider_changes_the_picture_but_not_the_answers(visit):
    page = visit("?right=What+is+lost&network=question", first=".experiment")
    noise = page.locator(".experiment", has_text="Noise it cannot see").locator(".morph")
    noise.wait_for()
    said = noise.locator(".said")
    first = said.inner_text()
    assert noise.locator("figcaption").first.inner_text() == first.split(": ")[1]
    noise.get_by_role("slider").press("End")
    assert said.inner_text() != first and said.inner_text().split(": ")[1] == first.split(": ")[1]
    choose(page, "lost-image", "drawn")
    wait_for_url(page, "lost-image=drawn")
    Easel(page).draw(ONE)
    page.locator(".experiment figcaption", has_text="reads 1").first.wait_for()
    page.get_by_role("tab", name="Generate").click()
    made(page, 8)
    answer(page, 1)


# --- For everyone


def test_page_follows_the_systems_light_or_dark(visit):
    page = visit(owner="somebody at dusk")
    brightness = """() => {
        const [r, g, b] = getComputedStyle(document.querySelector(".stApp")).backgroundColor
          .match(/[\\d.]+/g).map(Number);
        return (r + g + b) / 3;
    }"""
    colours = """() => {
        const image = document.body.appendChild(document.createElement("div"));
        image.className = "film paper colour";
        return getComputedStyle(image).filter;
    }"""
    for scheme, dark in (("light", False), ("dark", True)):
        page.emulate_media(color_scheme=scheme)
        page.wait_for_function(f"({brightness})() {'<' if dark else '>'} 64")
        filtered = page.locator(".film").first.evaluate("film => getComputedStyle(film).filter")
        assert (filtered != "none") == dark, "paper is dark at night"
    assert page.evaluate(colours) == "none", "colours stay as the network knows them"


@pytest.mark.parametrize(
    "scheme, width", [("light", 1366), pytest.param("dark", 390, marks=pytest.mark.long)]
)
def test_no_serious_accessibility_violation_in_any_panel(visit, scheme, width):
    page = visit("?count=2", width=width, color_scheme=scheme, first=".answer .best")
    Easel(page).draw(ZERO)
    answer(page, 0)
    assert grave_violations(page) == []
    for side in ("reading", "drawing"):
        if width > 640 or side == "reading":
            more(page, side)
            assert grave_violations(page) == []
            close_more(page)
    open_tab(page, "Why", ".why .morph")
    assert grave_violations(page) == []
    if width <= 640:
        page.get_by_role("button", name="It draws").click()
        assert grave_violations(page) == []
    open_tab(page, "Code", "[data-testid=stCode]")
    assert grave_violations(page) == []
    open_tab(page, "Better ways", ".ten")
    assert grave_violations(page) == []
    choose(page, "network", "question")
    open_tab(page, "What is lost", ".experiment >> nth=2")
    assert grave_violations(page) == []
    page.get_by_role("button", name="How it works").click()
    page.locator(".how").wait_for()
    assert grave_violations(page) == []


def grave_violations(page):
    at_rest(page)
    options = {"resultTypes": ["violations"]}
    found = Axe().run(page, options=options).response["violations"]
    grave = [v for v in found if v["impact"] in ("serious", "critical")]
    return [(v["id"], [n["html"][:200] for n in v["nodes"]]) for v in grave]


def test_both_sides_are_in_view_on_a_laptop(visit):
    page = visit()
    Easel(page).draw(ONE)
    answer(page, 1)
    images = page.get_by_role("slider", name="Images")
    for key, count in (("Home", 1), ("ArrowRight", 2), ("PageUp", None), ("End", 16)):
        more(page, "drawing")
        images.press(key)
        close_more(page)
        if count:
            page.wait_for_function(
                "count => document.querySelectorAll('.film').length === count", arg=count
            )
        main = page.locator("[data-testid=stMain]")
        assert main.evaluate("main => main.scrollHeight") <= 768
        assert page.evaluate("document.documentElement.scrollWidth") <= 1366
    left, right = (tabs.bounding_box() for tabs in page.locator(".stTabs").all())
    assert left["x"] + left["width"] < right["x"] and abs(left["y"] - right["y"]) < 1


@pytest.mark.parametrize("width, height", [(390, 844), (1024, 768)])
def test_phone_and_tablet_show_one_side_at_a_time(visit, width, height):
    options = {"width": width, "height": height, "has_touch": True, "is_mobile": True}
    page = visit("?count=16", first=".answer .best", **options)
    left, right = page.locator(".stTabs").all()
    assert left.is_visible() and right.is_hidden()
    assert page.evaluate(SMALL_TARGETS) == []
    page.get_by_role("button", name="It draws").tap()
    assert left.is_hidden() and right.is_visible()
    sheet, digits = page.locator(".sheet").bounding_box(), page.locator(".st-key-digit")
    below = digits.bounding_box()["y"] + digits.bounding_box()["height"]
    assert 0 <= sheet["y"] - below < 60, "the images are right under the digits"
    assert sheet["y"] + sheet["height"] <= height, "and in view"
    assert page.evaluate(SMALL_TARGETS) == []
    wider = """() => [...document.querySelectorAll("[data-testid=stMain] *")]
        .filter((element) => element.getBoundingClientRect().right > innerWidth + 0.5
          && element.checkVisibility())
        .map((element) => element.outerHTML.slice(0, 120))"""
    assert page.evaluate(wider) == []


def test_nothing_jumps_while_one_draws_and_generates(visit):
    page = visit(moving=True)
    at_rest(page)
    assert page.evaluate("window.shifts.reduce((sum, shift) => sum + shift, 0)") < 0.1, "loading"
    page.evaluate("window.shifts.length = 0")
    easel = Easel(page)
    easel.draw(ONE)
    answer(page, 1)
    easel.tool("Clear").click()
    page.locator(".answer").get_by_text("Draw a digit").wait_for()
    for digit in "370":
        choose(page, "digit", digit)
        made(page, int(digit))
    choose(page, "network", "robust")
    wait_for_url(page, "network=robust")
    more(page, "drawing")
    choose(page, "method", "plain")
    wait_for_url(page, "method=plain")
    close_more(page)
    at_rest(page)
    assert page.evaluate("window.shifts.reduce((sum, shift) => sum + shift, 0)") < 0.05


def test_status_says_ready_once_everything_is_compiled_and_is_watched_no_more(visit, computers):
    owner = {"owner": "with a clock that is set"}
    computers(**owner).clock.install()
    page = visit(**owner)
    page.get_by_role("status").get_by_text("Ready").wait_for(timeout=MODELS_SECONDS * 1000)
    page.reload()
    page.get_by_role("status").get_by_text("Ready").wait_for()
    page.locator(".film").first.wait_for()
    page.clock.fast_forward(60_000)  # whatever it says once at its start
    at_rest(page)
    count_sent(page)
    for _ in range(3):
        page.clock.fast_forward(60_000)
    assert page.evaluate("sent") == 0, "a page at rest asks the server nothing"
    page.keyboard.press("5")
    page.wait_for_function("sent > 0")

"""Two servers behind nginx, configured as in tests/load, and one of them killed under load."""

import asyncio
import concurrent.futures
import os
import re
import shutil
import subprocess
from types import SimpleNamespace

import pytest
from conftest import ROOT, free_port, healthy, wait_until
from PIL import Image
from session import Session
from visitors import LOADING, crowd, loaded, visit, wrong

VISITORS = 8


@pytest.fixture(scope="module")
def replicas(server, spare, tmp_path_factory):
    """nginx, configured as in tests/load, in front of the server of all tests and one more.

    Cookies call them "one" and "two"; ``mortal`` is the latter.
    """
    nginx = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if nginx is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("no nginx here")
    folder = tmp_path_factory.mktemp("nginx")
    spare.run()
    port = free_port()
    places = {
        "127.0.0.1:8501": server.removeprefix("http://"),
        "127.0.0.1:8502": spare.address.removeprefix("http://"),
        ":8501$": f":{server.rpartition(':')[2]}$",
        ":8502$": f":{spare.address.rpartition(':')[2]}$",
        "listen 80;": f"listen 127.0.0.1:{port};",
    }
    text = (ROOT / "tests/load/README.md").read_text("utf-8")
    (site,) = re.findall(r"<!-- nginx -->\n```nginx\n(.*?)```", text, re.DOTALL)
    for shown, here in places.items():
        assert shown in site
        site = site.replace(shown, here)
    (folder / "site.conf").write_text(site)
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    own = "".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)
    (folder / "nginx.conf").write_text(
        f"daemon off; pid {folder}/pid; events {{}}"
        f" http {{ access_log off; {own} include {folder}/site.conf; }}"
    )
    log = folder / "nginx.txt"
    command = [nginx, "-p", folder, "-c", folder / "nginx.conf", "-e", log]
    process = subprocess.Popen(command)
    try:
        address = f"http://127.0.0.1:{port}"
        wait_until(lambda: healthy(address) or process.poll() is not None, LOADING)
        assert process.poll() is None, log.read_text()
        yield SimpleNamespace(address=address, alone=(server, spare.address), mortal=spare)
    finally:
        process.terminate()
        process.wait(10)


async def show_images(address):
    """Wait until a server can answer."""
    async with Session(address, {}) as session:
        await session.until(lambda: loaded(session), LOADING)


def open_on(name, browser, address):
    """Open the page in Chromium, as a visitor whom nginx sends to the replica of that name."""
    for _ in range(4):
        page = browser.new_context(viewport={"width": 1366, "height": 768}).new_page()
        page.set_default_timeout(LOADING * 1000)
        page.goto(f"{address}/?digit=3&seed=5")
        if browser_cookie(page) == name:
            made(page, 3)
            return page
        page.context.close()
    raise AssertionError(f"nginx sent nobody to the replica {name}")


def browser_cookie(page):
    return next(c["value"] for c in page.context.cookies() if c["name"] == "replica")


def cookie(cookies):
    return next(each.value for each in cookies if each.name == "replica")


def choose(page, digit):
    page.locator(".st-key-digit").get_by_role("radio", name=str(digit), exact=True).click()


def made(page, digit):
    """Wait for images of a digit, and return their sheet with all that is in its style."""
    sheet = page.locator(
        ".sheet",
        has=page.get_by_label(f"Image made to be {'an' if int(digit) == 8 else 'a'} {digit}:"),
    ).first
    sheet.wait_for()
    return sheet.get_attribute("style")


@pytest.mark.long
def test_a_replica_is_killed_under_load_and_its_visitors_go_on(replicas, browser, tmp_path):
    async def wait_for_both():
        await asyncio.gather(*(show_images(address) for address in replicas.alone))

    # Playwright's own event loop runs in this thread.
    with concurrent.futures.ThreadPoolExecutor() as another_thread:
        another_thread.submit(asyncio.run, wait_for_both()).result()
        page = open_on("two", browser, replicas.address)

        # What a visitor sends and fetches besides the WebSocket reaches their own replica.
        one = Image.new("L", (100, 100), 255)
        one.paste(0, (45, 20, 55, 80))
        one.save(tmp_path / "one.png")
        page.locator(".more[data-more=reading]").click()
        page.locator(".st-key-upload input").set_input_files(tmp_path / "one.png")
        page.get_by_text("your picture").wait_for()
        page.get_by_role("button", name="Keep").click()
        with page.expect_download() as download:
            page.get_by_role("button", name="Images (PNG)").click()
        assert download.value.suggested_filename == "3-energy-steepest-seed-5.png"
        page.keyboard.press("Escape")
        choose(page, 7)
        before, url = made(page, 7), page.url

        visitors = crowd(VISITORS, float("inf"))
        stay = another_thread.submit(asyncio.run, visit(replicas.address, visitors))
        try:
            wait_until(lambda: all(visitor.sessions for visitor in visitors), LOADING)
            homes = [cookie(visitor.sessions[0].cookies) for visitor in visitors]
            replicas.mortal.kill()
            homeless = [v for v, home in zip(visitors, homes, strict=True) if home == "two"]
            wait_until(lambda: all(len(v.sessions) == 2 for v in homeless), LOADING)
            wait_until(lambda: browser_cookie(page) == "one", LOADING)
            choose(page, 1)
            made(page, 1)
            page.goto(url)
            assert made(page, 7) == before
        finally:
            for visitor in visitors:
                visitor.leaves = 0
        stay.result()
        page.context.close()

    assert set(homes) == {"one", "two"}
    for visitor, home in zip(visitors, homes, strict=True):
        if home == "one":
            assert len(visitor.sessions) == 1 and visitor.troubles == []
        else:
            assert cookie(visitor.sessions[1].cookies) == "one"
            (trouble,) = visitor.troubles
            assert trouble.startswith("connection lost")
    # The first images of those who came back, from their address, among them.
    assert wrong([answer for visitor in visitors for answer in visitor.answers]) == []

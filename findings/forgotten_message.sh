#!/usr/bin/env bash
# Streamlit's browser side keeps large messages and tells the server, with each click, which it has; it
# forgets one after two runs that did not show it. Over a line that takes 0.4 s, a second click is sent
# before the first click's answer arrives. It lists a message that the browser forgets when that answer
# ends. The server sends only that message's name, and the page ends with "Cached ForwardMsg MISS".
# CHROMIUM names a browser; without it Playwright fetches one. Arguments go to Streamlit: with
# --global.minCachedMessageSize 1e9 nothing is cached, all is as expected, and the script fails.
set -euo pipefail
folder=$(mktemp -d)
trap 'kill "$(cat "$folder/pid" 2>/dev/null)" 2>/dev/null && wait || true; rm -rf "$folder"' EXIT
python3 -m venv "$folder"
"$folder/bin/pip" install -q --no-compile streamlit==1.67.0 playwright==1.65.2
cd "$folder"
export PLAYWRIGHT_BROWSERS_PATH="$folder/browsers"
[ -n "${CHROMIUM:-}" ] || bin/playwright install --only-shell chromium >/dev/null
cat > app.py <<'PY'
import streamlit as st


@st.fragment
def part():
    st.session_state.setdefault("clicks", 0)
    if st.button("next"):
        st.session_state.clicks += 1
    clicks = st.session_state.clicks
    st.text(("A " if clicks in (0, 3) else "B ") * 8000)
    st.write(f"{clicks} clicks")


part()
PY
bin/streamlit run app.py --server.headless true --server.port 0 \
  --browser.gatherUsageStats false "$@" >log.txt 2>&1 &
echo $! >pid
until grep -q "http://localhost" log.txt; do
  kill -0 "$(cat pid)" || { cat log.txt; exit 1; }
  sleep 0.2
done
bin/python - <<'PY'
import asyncio
import os
import re
from pathlib import Path

import streamlit
from playwright.async_api import async_playwright

DELAY = 0.4  # seconds that a message takes from the server to the browser


def slow_line(socket):
    server, loop = socket.connect_to_server(), asyncio.get_running_loop()
    server.on_message(lambda message: loop.call_later(DELAY, socket.send, message))
    socket.on_message(server.send)


async def click_thrice(address):
    async with async_playwright() as playwright:
        path = os.environ.get("CHROMIUM") or None
        browser = await playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        page = await browser.new_page()
        errors = []
        page.on("console", lambda message: errors.append(message.text))
        await page.route_web_socket("**/*", slow_line)
        await page.goto(address)
        await page.get_by_text("0 clicks").wait_for()
        await page.wait_for_timeout(1500)
        button = page.get_by_role("button", name="next")
        await button.click()
        await page.get_by_text("1 clicks").wait_for()
        await page.wait_for_timeout(1500)
        await button.click()
        await page.wait_for_timeout(200)
        await button.click()
        await page.wait_for_timeout(5000)
        shown = await page.get_by_text(" clicks").all_inner_texts()
        await browser.close()
    return shown, any("Cached ForwardMsg MISS" in error for error in errors)


address = re.search(r"http://localhost:\d+", Path("log.txt").read_text())[0]
shown, missed = asyncio.run(click_thrice(address))
print(f"Streamlit {streamlit.__version__}")
print("expected: after three clicks the page shows 3 clicks")
print(f"seen: {shown}, {'with' if missed else 'without'} a cached message that is missed")
raise SystemExit((shown, missed) != (["2 clicks"], True))
PY

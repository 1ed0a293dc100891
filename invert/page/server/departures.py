"""Who has left: what a session holds on the server is given up once its visitor is gone for good.

Streamlit keeps the session of a lost connection for two minutes, so that it can be taken up again.
So long, and a little longer, what it holds is kept as well.
"""

import asyncio
import gc
import threading
from collections.abc import Callable
from time import monotonic

from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

SECONDS = 150
_lock = threading.Lock()
_forget: dict[str, dict[str, Callable[[], None]]] = {}  # by session, and by what is held
_missing: dict[str, float] = {}  # since when


def when_gone(what: str, forget: Callable[[], None]) -> None:
    """Have something of the present session forgotten when its visitor is gone."""
    context = get_script_run_ctx(suppress_warning=True)
    if context is not None:
        with _lock:
            _forget.setdefault(context.session_id, {})[what] = forget


def look_later() -> None:
    """Look for those who are gone: now, and once a connection that has just closed is given up.

    Elsewhere than in the thread that sends and receives for all: to free memory takes a while.
    """
    loop = asyncio.get_running_loop()
    loop.run_in_executor(None, look)
    loop.call_later(SECONDS + 1, lambda: loop.run_in_executor(None, look))


def look() -> None:
    """Forget what those held who have been missing for ``SECONDS``."""
    now = monotonic()
    with _lock:
        away = [session for session in _forget if not _is_here(session)]
        for session in list(_missing):
            if session not in away:
                del _missing[session]
        gone = [s for s in away if now - _missing.setdefault(s, now) >= SECONDS]
        calls = [forget for session in gone for forget in _forget.pop(session).values()]
    for forget in calls:
        forget()
    if calls:  # what is compiled for a network is held in circles
        gc.collect()


def _is_here(session: str) -> bool:
    return runtime.get_instance().is_active_session(session)

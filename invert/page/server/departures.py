"""What a session holds on the server is freed once its visitor has left for good.

Streamlit keeps the session of a lost connection for two minutes, so that it can be taken up again.
What the session holds is kept a little longer.
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
    """Call ``forget`` once the visitor of the present session is gone; once for each ``what``."""
    context = get_script_run_ctx(suppress_warning=True)
    if context is not None:
        with _lock:
            _forget.setdefault(context.session_id, {})[what] = forget


def look_later() -> None:
    """Look for those who are gone: now, and once a connection that has just closed is given up.

    Not in the thread that sends and receives for all: freeing memory takes a while.
    """
    loop = asyncio.get_running_loop()
    loop.run_in_executor(None, look)
    loop.call_later(SECONDS + 1, lambda: loop.run_in_executor(None, look))


def look() -> None:
    """Free what sessions hold that have been missing for ``SECONDS``."""
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
    if calls:  # what is compiled for a network is held in reference cycles
        gc.collect()


def _is_here(session: str) -> bool:
    return runtime.get_instance().is_active_session(session)

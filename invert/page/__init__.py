"""The page. Only its modules and streamlit_app.py import Streamlit.

Here Streamlit's log is told to leave out what is intended, and what visitors could fill it with.
"""

import json
import logging
import time

QUIET_SECONDS = 60


def _never(record: logging.LogRecord) -> bool:
    """Streamlit warns that the caches live in memory only. That is intended."""
    return not str(record.msg).startswith("No runtime found")


def _no_default(record: logging.LogRecord) -> bool:
    """A seed that the dice have set has a default, too. That is intended."""
    return "was created with a default value" not in str(record.msg)


def _in_one_line(record: logging.LogRecord) -> bool:
    """Visitors cause these by what they send or break off: no traceback, so the log stays short."""
    record.exc_info = None
    return True


def _no_json(record: logging.LogRecord) -> bool:
    """A widget's value that is no JSON stops a run before the page begins: one line says so."""
    if record.exc_info and isinstance(record.exc_info[1], json.JSONDecodeError):
        record.exc_info = None
    return True


class _NowAndThen:
    """Let one record of many alike through in a minute: asyncio tries again at once."""

    def __init__(self):
        self._last = -float("inf")

    def __call__(self, record: logging.LogRecord) -> bool:
        if not str(record.msg).startswith("socket.accept() out of system resource"):
            return True
        record.exc_info = None
        before, self._last = self._last, time.monotonic()
        if self._last - before < QUIET_SECONDS:
            self._last = before
            return False
        return True


logging.getLogger("streamlit.error_util").addFilter(_no_json)
logging.getLogger("streamlit.elements.lib.policies").addFilter(_no_default)
logging.getLogger("asyncio").addFilter(_NowAndThen())
logging.getLogger("streamlit.runtime.backend_operation_handler").addFilter(_in_one_line)
logging.getLogger("streamlit.runtime.caching.cache_data_api").addFilter(_never)
logging.getLogger("streamlit.web.server.starlette.starlette_websocket").addFilter(_in_one_line)

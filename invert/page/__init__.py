"""The page: a module for each thing one sees, and ``limits`` for what the server refuses. Only
these and streamlit_app.py know Streamlit."""

import logging


def _never(record: logging.LogRecord) -> bool:
    """Streamlit warns that the caches live in memory only. That is intended."""
    return not str(record.msg).startswith("No runtime found")


def _in_one_line(record: logging.LogRecord) -> bool:
    """Visitors cause these by what they send or break off, and so must not fill the log."""
    record.exc_info = None
    return True


logging.getLogger("streamlit.runtime.caching.cache_data_api").addFilter(_never)
logging.getLogger("streamlit.web.server.starlette.starlette_websocket").addFilter(_in_one_line)

"""The page: one module for each thing one sees, and ``limits`` for what nobody should see. Only
these and streamlit_app.py know Streamlit."""

import logging

# The server reads the page's modules before it runs, and Streamlit warns of every cache in them
# that nothing of it will outlive the process. Nothing is meant to.
logging.getLogger("streamlit.runtime.caching.cache_data_api").addFilter(
    lambda record: not str(record.msg).startswith("No runtime found")
)

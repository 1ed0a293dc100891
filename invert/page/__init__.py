"""The page: one module for each thing one sees, and ``limits`` for what nobody should see. Only
these and streamlit_app.py know Streamlit."""

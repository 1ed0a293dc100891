"""The page: one module for each thing one sees. Only these and streamlit_app.py know Streamlit."""

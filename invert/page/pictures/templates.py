"""The texts that programs on the page are made of, each beside the module that fills it in."""

from pathlib import Path

import jinja2


def template(module: str) -> jinja2.Template:
    """Return the template beside a module, by the module's ``__file__``."""
    return jinja2.Template(
        Path(module).with_suffix(".jinja").read_text("utf-8"),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
    )

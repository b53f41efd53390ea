"""How the documentation is built: ``sphinx-build -n -W -q docs docs/_build/html``."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "_ext"))
sys.path.insert(0, str(HERE.parent))  # the package beside these pages is the one they describe

from binance_papi import __version__  # noqa: E402 - only found from here on

project = "binance_papi"
author = "The binance_papi maintainers"
copyright = "2026, The binance_papi maintainers"
version = release = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "declarations"]
exclude_patterns = ["_build", "_ext"]
source_suffix = {".md": "markdown"}
html_theme = "furo"
html_title = f"binance_papi {release}"
pygments_style = "friendly"
html_copy_source = False
smartquotes = False  # it would make one dash of an option's two

# Markdown
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

# Docstrings
default_role = "py:obj"
add_module_names = False
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True
python_use_unqualified_type_names = True

# Every reference has to lead somewhere (-n), except into what is not documented here:
nitpick_ignore_regex = [
    # the standard library and two other packages, since the build works offline
    ("py:.*", r"(asyncio|collections|contextlib|decimal|enum|os|ssl|tls)\..*|Decimal"),
    ("py:.*", r"(typing|types|msgspec)\..*"),
    # type variables
    ("py:.*", r"(.*\.)?(R|R_co|P|N)"),
]

"""The site: `sphinx-build -W docs docs/_build`. Nothing is read from the network."""

import os
import sys
from pathlib import Path

os.environ.setdefault("JAX_PLATFORMS", "cpu")
# Curves are evaluated operation by operation, so compiling takes longer than computing.
os.environ.setdefault("XLA_FLAGS", "--xla_backend_optimization_level=0")
sys.path.insert(0, str(Path(__file__).parents[1]))  # for benchmarks, examples and docs.ext

import activax

project = "activax"
author = "the authors of activax"
copyright = "the authors of activax, Apache License 2.0"
version = release = activax.__version__
html_title = f"activax {release}"

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "docs.ext.site",
]
exclude_patterns = ["_build", "ext"]
default_role = "code"  # docstrings have `code` in single backticks

autodoc_member_order = "bysource"
autodoc_typehints = "none"  # the section Args says shapes, units and ranges
napoleon_custom_sections = ["Formula", "Paper", "Ranges"]
napoleon_use_ivar = True

myst_enable_extensions = ["attrs_inline", "colon_fence", "deflist"]
myst_heading_anchors = 3

html_theme = "sphinx_book_theme"
html_theme_options = {"show_toc_level": 2, "navigation_with_keys": False}
toc_object_entries = False  # each of 480 pages would copy hundreds of names into its sidebar
html_copy_source = False
html_show_sourcelink = False

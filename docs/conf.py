"""The site: `sphinx-build -W docs docs/_build`. Nothing is read from the network."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # for benchmarks and docs.ext

import activax

project = "activax"
author = "the authors of activax"
copyright = "the authors of activax, Apache License 2.0"
version = release = activax.__version__
html_title = f"activax {release}"

extensions = ["myst_parser", "sphinx_copybutton"]
exclude_patterns = ["_build", "ext"]
nitpicky = True  # a name that leads nowhere is an error

myst_enable_extensions = ["attrs_inline", "colon_fence", "deflist"]
myst_heading_anchors = 3

html_theme = "sphinx_book_theme"
html_theme_options = {"show_toc_level": 2, "navigation_with_keys": False}
html_copy_source = False
html_show_sourcelink = False

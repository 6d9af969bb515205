"""Pictures and pages that the documentation makes when it is built.

Modules:
    svg             Draw curves as SVG.
    readme_picture  Draw the picture of the README.
"""

"""What the documentation makes for itself.

Modules:
    svg             Draw curves as SVG.
    readme_picture  Draw the picture of the README.
"""

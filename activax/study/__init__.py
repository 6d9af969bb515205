"""The experiment of `activax train`: one network per activation, on images of digits.

Modules:
    settings    The size of the networks, and how they are trained.
    images      The images and their labels.
    experiment  The networks, their training, and what it reached.
"""

__all__ = ["experiment", "images", "settings"]

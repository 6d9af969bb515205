"""The experiment of `activax train`: networks of one activation each, on images of digits.

Modules:
    settings    The size of the networks, and how they are trained.
    images      The images and their labels.
    placement   The devices that train the networks: one of each process.
    experiment  The networks, their training, and what it reached.
"""

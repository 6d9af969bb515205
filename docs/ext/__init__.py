"""Pictures and pages that the documentation makes when it is built.

Modules:
    activation_pages  Write a page for each activation, and lists of them.
    api_pages         Write the pages of the API reference.
    curves            Draw an activation with its derivatives.
    error_pictures    Draw the error of an activation over its inputs.
    lesson_pages      Write a page for each lesson.
    measured          Write what committed results have of each activation.
    phases            Draw what a wide random network does with signals.
    readme_picture    Draw the picture of the README.
    site              Connect all of that to Sphinx.
    svg               Draw panels with axes and curves.
"""

"""Pictures and pages that the documentation makes when it is built.

Modules:
    activation_pages  Write a page for each activation, and lists of them.
    api_pages         Write the pages of the API reference.
    curves            Draw an activation with its derivatives.
    lesson_pages      Write a page for each lesson.
    measured          Write what committed results have of each activation.
    readme_picture    Draw the picture of the README.
    site              Connect all of that to Sphinx.
    svg               Draw panels with axes and curves.
"""

"""Why the non-linearity matters: each lesson measures one claim, asserts it and draws it.

python -m examples.lessons.NAME [--out DIR]
"""

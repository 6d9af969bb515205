"""Activations of a whole vector: distributions over its elements.

dense: every element has a share. sparse: some elements have none.
"""

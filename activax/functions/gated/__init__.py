"""Gated units: an activation of one array times another.

Modules:
    units     The units of language models.
    variants  Units with further gates, and with an activation of the value.
"""

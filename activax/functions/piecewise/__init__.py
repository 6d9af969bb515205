"""Rectifiers and other units made of straight pieces.

Modules:
    jumps       Jumps whose threshold learns, for sparse autoencoders.
    leaky       Rectifiers of two lines, one on each side of a kink.
    rectifiers  Rectified linear units, leaky and saturating.
    saturating  Units of three lines, of which the outer two are flatter or turn back.
    scaled      Rectified linear units that are shifted or scaled.
    tents       Units with a straight peak or a straight pit.
    thresholds  Rectifiers with a threshold.
"""

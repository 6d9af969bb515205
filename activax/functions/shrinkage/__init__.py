"""Shrinkage, which sets inputs near 0 to 0 or nearer to 0.

Modules:
    asymmetric    Shrinkage with two parameters: a pair of ends, or a threshold and a bias.
    firm          Between hard and soft thresholding.
    thresholding  Soft and hard thresholding, and x - tanh(x).
"""

"""The training of a cell: one network a seed, all in one compiled program.

Modules:
    trainer      The training, from a cell to its outcome.
    programs     Compiled programs that train several seeds at once.
    starts       What a seed gives to its network: weights, an order of rows, and a key.
    measures     Dead units, gradients and sizes of networks.
    compilation  The cache of compiled programs.
"""

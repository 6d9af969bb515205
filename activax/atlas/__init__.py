"""The atlas: activations as one HTML file, with curves that a browser computes.

Modules:
    operations       JavaScript for each primitive of JAX.
    operation_graph  The operations of a traced function, with XLA's rewrites of constants.
    contraction      Fused multiply-adds, where LLVM makes them.
    javascript       The printer of functions of numbers.
    curves           Value, slope and second derivative of an activation.
    lines            The line along which an activation of several numbers is drawn.
    results          Committed results of benchmarks, as facts.
    cards            The facts of an activation.
    html             The page, whose parts stand in the folder `page`.
"""

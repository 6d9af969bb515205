"""The programs that are measured: functions, their modes, and their traffic through memory.

Modules:
    traffic         The least traffic of a program, and the copy that has the same traffic.
    flops           The multiplications and additions of the matrix products in a program.
    modes           The value of a function, its derivatives, or many layers of it.
    torch_programs  Functions of PyTorch on arrays of JAX, and programs of them.
    peers           Activations in other libraries.
    suites          Activations alone, and inside the networks that they are made for.
"""

"""The memory that reverse mode needs.

Modules:
    bits     Arrays that are kept, sizes of compiled programs, and bits an element in a network.
    ranking  The policies of an activation, ranked by the memory of a network.
"""

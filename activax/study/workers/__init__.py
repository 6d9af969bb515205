"""Workers of a study, and the store that they share.

Modules:
    worker         Workers, which claim cells and run them.
    store          The cells of a study and their outcomes.
    journal        The file of the store.
    headers        The differences between two studies.
    leases         Locks that end with their process.
    server_leases  Locks of a database.
"""

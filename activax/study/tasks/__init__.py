"""Tasks: a network of an activation, data, and how it is trained.

Modules:
    task          The task, and the digests of its parts.
    kinds         The loss and the score of each kind of task.
    data          Rows to train on, to choose the rate by, and to test on.
    tables        Files of arrays and of columns.
    sources       Sources that give rows by number.
    networks      Default networks, of the same size for every activation.
    models        Networks of users and of other libraries as layers.
    hidden_units  Activations that can be hidden units, by what users write.
    fingerprints  Digests of data and code.
    builtin       Tasks that come with the package.
"""

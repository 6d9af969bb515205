"""The input, the optimiser and the comparison that tests of the libraries of others share."""

import jax
import numpy as np
import pytest
from numpy.testing import assert_allclose

optax = pytest.importorskip("optax", reason="needs Optax")

X = np.linspace(-1, 1, 12, dtype=np.float32).reshape(4, 3)
OPTIMIZER = optax.sgd(0.1, momentum=0.9)


def close(a, b):
    jax.tree.map(lambda x, y: assert_allclose(x, y, rtol=1e-5, atol=1e-6), a, b)

"""Modules of torch and operators of ONNX become activations with their parameters."""

import re
from types import SimpleNamespace

import jax.numpy as jnp
import numpy as np
import pytest

import activax
from activax.catalogue.converters import ONNX, TORCH
from activax.catalogue.presets import PRESETS

X = np.linspace(-3.3, 4.1, 24, dtype=np.float32).reshape(1, 2, 3, 4)


def module(name, **attributes):
    """Return what looks like a module of torch."""
    return type(name, (), {"__module__": "torch.nn.modules.activation"} | attributes)()


@pytest.mark.parametrize("name", TORCH)
def test_attributes_of_torch_are_parameters_of_ours(name):
    assert {*TORCH[name]} <= {*activax.get(f"torch.{name}").parameters}


@pytest.mark.parametrize("name", sorted({*ONNX} - {"Gelu", "HardSigmoid", "Selu", "Swish"}))
def test_attributes_of_onnx_are_parameters_of_ours(name):
    parameters = {ours for ours, _ in ONNX[name].values()}
    assert parameters <= {*activax.get(f"onnx.{name}").parameters}


def test_a_module_that_looks_like_one_of_torch():
    elu = module("ELU")
    elu.alpha = 0.5
    assert activax.from_torch(elu) == activax.elu.bind(alpha=0.5)
    hard = module("Hardtanh", min_val=-1.0, max_val=1.0)
    assert activax.from_torch(hard) == activax.hard_tanh
    wide = activax.from_torch(module("Hardtanh", min_val=-2.0, max_val=3.0))
    np.testing.assert_array_equal(wide(jnp.array([-5.0, 1.0, 5.0])), [-2, 1, 3])


TORCH_MODULES = [
    "Identity()", "ReLU()", "ReLU6()", "LeakyReLU(0.2)", "PReLU()", "ELU(0.5)", "CELU(2.0)",
    "SELU()", "GELU()", "GELU(approximate='tanh')", "SiLU()", "Mish()", "Softplus(2.0)",
    "Softsign()", "Tanh()", "Sigmoid()", "LogSigmoid()", "Hardtanh()", "Hardtanh(-2, 3)",
    "Hardswish()", "Hardsigmoid()", "Softshrink(0.3)", "Hardshrink(0.3)", "Tanhshrink()",
    "Threshold(0.1, 20.0)", "RReLU(0.1, 0.4)", "Softmax(1)", "LogSoftmax(-1)", "Softmin(2)",
    "Softmax2d()", "GLU(-1)", "PReLU(2, 0.3)",
]  # fmt: skip


@pytest.mark.parametrize("code", TORCH_MODULES)
def test_values_of_torch(code):
    torch = pytest.importorskip("torch")
    theirs = eval(f"torch.nn.{code}", {"torch": torch}).eval()
    ours = activax.from_torch(theirs, ndim=4 if "PReLU(2" in code else None)
    with torch.no_grad():
        np.testing.assert_allclose(ours(X), theirs(torch.tensor(X)).numpy(), rtol=1e-5, atol=1e-6)


ONNX_NODES = [
    ("Celu", {"alpha": 0.5}), ("Elu", {"alpha": 0.5}), ("Gelu", {"approximate": "tanh"}),
    ("HardSigmoid", {"alpha": 0.3, "beta": 0.4}), ("LeakyRelu", {"alpha": 0.2}),
    ("LogSoftmax", {"axis": 1}), ("Selu", {"alpha": 1.5, "gamma": 2.0}), ("Softmax", {"axis": 2}),
    ("Shrink", {"bias": 0.2, "lambd": 0.3}), ("Swish", {"alpha": 1.5}),
    ("ThresholdedRelu", {"alpha": 0.7}), ("Hardmax", {"axis": -1}),
    *((name, {}) for name in PRESETS["onnx"] if name != "PRelu"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "attributes"), ONNX_NODES)
def test_values_of_onnx(name, attributes):
    """Run the reference implementation of ONNX."""
    helper = pytest.importorskip("onnx.helper")
    reference = pytest.importorskip("onnx.reference")
    node = helper.make_node(name, ["x"], ["y"], **attributes)
    ends = [helper.make_tensor_value_info(end, 1, X.shape) for end in "xy"]
    model = helper.make_model(helper.make_graph([node], "graph", ends[:1], ends[1:]))
    theirs = reference.ReferenceEvaluator(model).run(None, {"x": X})[0]
    for ours in (activax.from_onnx(node), activax.from_onnx(name, attributes)):
        np.testing.assert_allclose(ours(X), theirs, rtol=1e-5, atol=1e-6)


def test_defaults_of_onnx():
    assert activax.from_onnx("Elu") == activax.elu
    assert activax.from_onnx("HardSigmoid") == activax.hard_sigmoid_02
    node = SimpleNamespace(
        op_type="Gelu",
        attribute=[SimpleNamespace(name="approximate", type=3, s=b"tanh")],
    )
    assert activax.from_onnx(node) == activax.gelu_tanh
    selu = activax.from_onnx("Selu", {"alpha": 1.0, "gamma": 2.0})
    np.testing.assert_allclose(selu(jnp.array([-1.0, 1.0])), [2 * np.expm1(-1), 2.0], rtol=1e-6)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: activax.from_torch(3), TypeError, "module must be an activation of torch.nn; got"),
        (lambda: activax.from_torch(module("Linear")), ValueError, "Linear is no activation of"),
        (lambda: activax.from_torch(module("Softmax", dim=None)), ValueError, "must have a dim"),
        (lambda: activax.from_onnx("Conv"), ValueError, "from_onnx: Conv is no activation of this"),
        (lambda: activax.from_onnx("PRelu"), ValueError, "activax.prelu.bind(negative_slope=...)"),
        (
            lambda: activax.from_onnx("Elu", {"beta": 1.0}),
            ValueError,
            "from_onnx: Elu has no attribute 'beta'; it has alpha",
        ),
        (
            lambda: activax.from_onnx("Relu", {"alpha": 1.0}),
            ValueError,
            "from_onnx: Relu has no attribute 'alpha'; it has none",
        ),
        (
            lambda: activax.from_onnx("Gelu", {"approximate": "erf"}),
            ValueError,
            "approximate must be 'none' or 'tanh'; got 'erf'",
        ),
        (lambda: activax.from_onnx(3), TypeError, "operator must be the type of an operator or a"),
    ],
)
def test_what_is_refused(call, error, message):
    with pytest.raises(error, match=re.escape(message)):
        call()


def test_slopes_of_channels_need_the_number_of_axes():
    torch = pytest.importorskip("torch")
    with pytest.raises(ValueError, match="PReLU has 2 slopes along axis 1; say with ndim"):
        activax.from_torch(torch.nn.PReLU(2))

"""`compile_for` without a compiler: kernels read from a program's text, and bad input."""

import importlib.util

import jax.numpy as jnp
import pytest

from activax.bench import compile_for
from activax.bench.compiled import hlo, sass

LOOP = """\
HloModule jit_f, is_scheduled=true

%fused_slice (param_0: f32[8,1024], param_1: s32[], param_2: f32[8,1024]) -> f32[8,1024] {
  %param_0 = f32[8,1024]{1,0} parameter(0)
  %param_1 = s32[] parameter(1)
  %zero = s32[] constant(0)
  %row = f32[1,1024]{1,0} dynamic-slice(%param_0, %param_1, %zero), dynamic_slice_sizes={1,1024}
  %param_2 = f32[8,1024]{1,0} parameter(2)
  ROOT %update = f32[8,1024]{1,0} dynamic-update-slice(%param_2, %row, %param_1, %zero)
}

%body (state: (s32[], f32[8,1024], f32[8,1024])) -> (s32[], f32[8,1024], f32[8,1024]) {
  %state = (s32[], f32[8,1024]{1,0}, f32[8,1024]{1,0}) parameter(0)
  %i = s32[] get-tuple-element(%state), index=0
  %x = f32[8,1024]{1,0} get-tuple-element(%state), index=1
  %y = f32[8,1024]{1,0} get-tuple-element(%state), index=2
  %loop_fusion = f32[8,1024]{1,0} fusion(%x, %i, %y), kind=kLoop, calls=%fused_slice
  ROOT %next = (s32[], f32[8,1024]{1,0}, f32[8,1024]{1,0}) tuple(%i, %x, %loop_fusion)
}

%condition (state.1: (s32[], f32[8,1024], f32[8,1024])) -> pred[] {
  %state.1 = (s32[], f32[8,1024]{1,0}, f32[8,1024]{1,0}) parameter(0)
  ROOT %go = pred[] constant(true)
}

%fused_cast (param: f32[8,1024]) -> bf16[8,1024] {
  %param = f32[8,1024]{1,0} parameter(0)
  ROOT %cast = bf16[8,1024]{1,0} convert(%param)
}

ENTRY %main (start: (s32[], f32[8,1024], f32[8,1024]), a: f32[8,1024]) -> bf16[8,1024] {
  %start = (s32[], f32[8,1024]{1,0}, f32[8,1024]{1,0}) parameter(0)
  %a = f32[8,1024]{1,0:T(8,128)} parameter(1)
  %begun = (f32[8,1024]{1,0:T(8,128)S(1)}, f32[8,1024]{1,0}, u32[]{:S(2)}) copy-start(%a)
  %ended = f32[8,1024]{1,0:T(8,128)S(1)} copy-done(%begun)
  %while = (s32[], f32[8,1024]{1,0}, f32[8,1024]{1,0}) while(%start), condition=%condition, \
body=%body, backend_config={"known_trip_count":{"n":"8"}}
  %done = f32[8,1024]{1,0} get-tuple-element(%while), index=2
  %product = f32[8,8]{1,0} custom-call(%done, %done), custom_call_target="__cublas$gemm"
  ROOT %cast_fusion = bf16[8,1024]{1,0} fusion(%done), kind=kLoop, calls=%fused_cast
}
"""


def test_kernels_belong_to_the_entry_and_to_its_loops():
    array, row = 8 * 1024 * 4, 1024 * 4
    assert hlo.kernels(LOOP) == [
        hlo.DeviceKernel("begun", "copy", array, 0, 8 * 1024),  # the copy goes to other memory
        hlo.DeviceKernel("loop_fusion", "kLoop", row + 4, row, 8 * 1024, runs=8),
        hlo.DeviceKernel("product", "__cublas$gemm", array, 8 * 8 * 4, 8 * 1024),
        hlo.DeviceKernel("cast_fusion", "kLoop", array, array // 2, 8 * 1024),
    ]


@pytest.mark.parametrize(
    ("shape", "size"),
    [
        ("f32[]", 4),
        ("bf16[3,5]{1,0}", 30),
        ("pred[9]", 9),
        ("s4[3]{0}", 2),
        ("f8e4m3fn[7]", 7),
        ("c64[2]", 16),
        ("(f32[2]{0}, token[], u8[3]{0})", 11),
        ("f32[1024]{0:T(1024)S(1)}", 0),
    ],
)
def test_bytes_of_a_shape(shape, size):
    assert hlo.nbytes(shape) == size


def test_instructions_end_at_the_last_exit():
    listing = """
.text.first:
        /*0000*/                   LDG.E.64.CONSTANT R2, desc[UR4][R2.64] ;
        /*0010*/              @!P3 BRA `(.L_x_1) ;
        /*0020*/                   STG.E.128 desc[UR4][R8.64], R2 ;
.L_x_1:
        /*0030*/               @P0 STG.E.U16 desc[UR4][R8.64+0x2], R2 ;
        /*0040*/                   STG.E desc[UR4][R8.64], R2 ;
        /*0050*/                   EXIT ;
.L_x_0:
        /*0060*/                   BRA `(.L_x_0);
        /*0070*/                   NOP;
.text.second:
        /*0000*/                   EXIT ;
"""
    assert sass.counted(listing) == {"first": (6, 16 + 2 + 4), "second": (1, 0)}


def test_an_unknown_target_is_refused_with_a_guess():
    with pytest.raises(ValueError, match=r"unknown target 'h20'; known: h200, v5e.*'h200'\?"):
        compile_for("h20", jnp.negative, 1.0)
    with pytest.raises(ValueError, match=r"no file 'b200.txtpb' describes a target"):
        compile_for("b200.txtpb", jnp.negative, 1.0)


def test_a_missing_compiler_is_refused_with_the_way_to_install_it(monkeypatch, tmp_path):
    spec = tmp_path / "other.txtpb"
    spec.write_text("")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    needs = r"needs the package jax-cuda13-plugin: pip install 'activax\[aot\]'"
    with pytest.raises(ModuleNotFoundError, match=needs):
        compile_for(spec, jnp.negative, 1.0)

"""`make bench-gpu` without a GPU: every part runs, nothing is lost, the page follows the files."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from bench.gpu import __main__ as command
from bench.gpu import options as measured_options
from bench.gpu import passes, readings
from bench.gpu.options import variants
from bench.gpu.page import DOC, PARTS, newest, page
from bench.gpu.passes import kind_of
from bench.gpu.report import add
from bench.gpu.setting import REHEARSAL, Setting
from engine.config import EngineConfig
from standins.measured import RESULTS

TRIED = 2  # as it starts, and one other way


def rehearse(directory: Path, *arguments: str, cache: Path | None = None) -> tuple[int, Any]:
    """The exit code of a rehearsal, and what it left in its file of results."""
    code = command.main(["--rehearse", "--out", str(directory), *arguments], cache or directory)
    [path] = directory.glob("*.json")
    assert "rehearsal" in path.name and "gpu" not in path.name
    return code, json.loads(path.read_text())


@pytest.fixture(scope="module")
def rehearsed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The results of every part; of the options, which take longest, two and in few steps. A step
    is timed once."""
    directory = tmp_path_factory.mktemp("rehearsal")
    text = DOC.read_text()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passes, "_TIMED", 1)
        patch.setattr(measured_options, "_CHECKED_STEPS", 2)
        patch.setattr(measured_options, "variants", lambda: dict(list(variants().items())[:TRIED]))
        code, found = rehearse(directory, cache=tmp_path_factory.mktemp("cache"))
    assert code == 0 and DOC.read_text() == text
    return found


def as_if_on_a_gpu(found: dict[str, Any], **changed: Any) -> dict[str, Any]:
    machine = found["machine"] | {"gpu": "Some Card", "memory_gib": 80}
    return found | {"rehearsal": False, "machine": machine} | changed


def test_every_part_is_rehearsed_on_a_cpu(rehearsed: dict[str, Any]) -> None:
    assert rehearsed["rehearsal"] is True
    assert list(rehearsed["parts"]) == list(command.PARTS) == list(PARTS)
    assert all("error" not in part for part in rehearsed["parts"].values())
    options = rehearsed["parts"]["options"]
    first = options["as it starts"]
    assert options.keys() == set(list(variants())[:TRIED])
    assert first["mel_error"] == 0 and first["said"] and first["launches, 2 chunks"] > 100


def test_the_figures_are_those_of_the_passes(rehearsed: dict[str, Any]) -> None:
    passes = rehearsed["parts"]["shares"].values()
    assert all(sum(case["shares"].values()) == pytest.approx(1, abs=0.01) for case in passes)
    assert all(case["launches"] > 100 and case["device_ms"] > 0 for case in passes)
    errors = rehearsed["parts"]["precision"]
    for model in ("tiny model", "demo checkpoint"):
        assert errors[f"{model}, float32"]["mel_error"] == 0
        assert (
            0 < errors[f"{model}, float16"]["mel_error"] < errors[f"{model}, bfloat16"]["mel_error"]
        )
    start = rehearsed["parts"]["ready"]["start 1"]
    assert start["ready_s"] > start["imports_s"] + start["load_s"] > 0


def test_it_says_that_it_is_a_rehearsal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "PARTS", {"a": ("nothing", lambda _: {"x": 1.0})})
    rehearse(tmp_path)
    assert "REHEARSAL on the CPU" in capsys.readouterr().out


def test_a_run_that_is_cut_short_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(_: object) -> dict[str, object]:
        raise KeyboardInterrupt

    monkeypatch.setattr(
        command, "PARTS", {"a": ("", lambda _: {"x": 1.23456}), "b": ("", cut), "c": ("", cut)}
    )
    with pytest.raises(KeyboardInterrupt):
        rehearse(tmp_path)
    [path] = tmp_path.glob("*.json")
    assert json.loads(path.read_text())["parts"] == {"a": {"x": 1.235}}


def test_a_part_that_is_cut_short_keeps_its_cases(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(setting: Setting) -> dict[str, object]:
        setting.keep({"one": 1})
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "PARTS", {"a": ("", cut)})
    with pytest.raises(KeyboardInterrupt):
        rehearse(tmp_path)
    [path] = tmp_path.glob("*.json")
    assert json.loads(path.read_text())["parts"] == {"a": {"one": 1}}


def test_results_of_elsewhere_are_added_part_by_part(
    rehearsed: dict[str, Any], tmp_path: Path
) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir(), there.mkdir()
    name = "2027-01-01-gpu-some-card.json"
    for part in ("shares", "lengths"):
        one = as_if_on_a_gpu(rehearsed, parts={part: rehearsed["parts"][part]}, seconds={part: 1})
        (there / name).write_text(json.dumps(one))
        assert add(there / name, here) == here / name
    now, _ = newest(here)
    assert now is not None and list(now["parts"]) == list(now["seconds"]) == ["shares", "lengths"]
    other = one | {"machine": one["machine"] | {"torch": "1.0"}}
    (there / name).write_text(json.dumps(other))
    with pytest.raises(ValueError, match="of another torch: rename"):
        add(there / name, here)


def test_a_part_that_fails_does_not_cost_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_: object) -> dict[str, object]:
        raise ValueError("no")

    monkeypatch.setattr(command, "PARTS", {"a": ("", fails), "b": ("", lambda _: {"x": 1})})
    code, found = rehearse(tmp_path)
    assert code == 1
    assert found["parts"] == {"a": {"error": "ValueError: no"}, "b": {"x": 1}}
    monkeypatch.setattr(command, "PARTS", {"a": ("", lambda _: {"x": 2}), "b": ("", fails)})
    code, found = rehearse(tmp_path, "--only", "a")
    assert code == 0 and found["parts"] == {"a": {"x": 2}, "b": {"x": 1}}


def test_only_options_that_this_engine_has_are_tried() -> None:
    there = {field.name for field in fields(EngineConfig)}
    tried = variants()
    assert next(iter(tried.values())) == {}
    assert all(changed.keys() <= there for changed in tried.values())
    start = EngineConfig()
    assert [name for name, changed in tried.items() if replace(start, **changed) == start] == [
        "as it starts"
    ]
    assert {"fp16", "bf16", "attention by sdpa"} <= tried.keys()
    # Which a GPU starts with, though it is not called so.
    assert "fused kernels, no graphs" in tried and "fused kernels, graphs" not in tried


def test_an_option_that_does_not_run_costs_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(_: Setting, changed: dict[str, Any]) -> Any:
        raise RuntimeError(f"not {changed}")

    monkeypatch.setattr(measured_options, "_measured", refused)
    found = measured_options.options(Setting("cpu", REHEARSAL, tmp_path))
    assert found.keys() == variants().keys()


@pytest.mark.parametrize(
    ("kernel", "kind"),
    [
        ("nvjet_hsh_128x256_64x4_1x2_h_bz_coopA_bias_TNN", "products"),
        ("sm90_xmma_gemm_f16f16_f16f32_f32_tn_n_tilesize128x128x64", "products"),
        ("void cutlass::Kernel2<cutlass_80_wmma_tensorop_f16_s161616gemm_f16>", "products"),
        (
            "void pytorch_flash::flash_fwd_kernel<Flash_fwd_kernel_traits<64, 128, 128>>",
            "attention",
        ),
        ("fmha_cutlassF_f16_aligned_64x64_rf_sm80", "attention"),
        ("sm80_xmma_fprop_implicit_gemm_indexed_f16f16_f16f32_f32_nhwckrsc_nhwc", "convolution"),
        ("void cudnn::engines_precompiled::nchwToNhwcKernel<__half>", "convolution"),
        ("Memcpy DtoD (Device -> Device)", "copies"),
        ("Memset (Device)", "copies"),
        ("void at::native::(anonymous namespace)::vectorized_layer_norm_kernel", "element-wise"),
        ("void at::native::elementwise_kernel<128, 4, convert_half>", "element-wise"),
        ("rotate_qk", "element-wise"),
        ("gate_norm", "element-wise"),
        ("aten::addmm", "products"),
        ("aten::bmm", "products"),
        ("mkldnn::_linear_pointwise", "products"),
        ("aten::mkldnn_convolution", "convolution"),
        ("aten::mul", "element-wise"),
    ],
)
def test_kernels_are_told_apart_by_their_names(kernel: str, kind: str) -> None:
    assert kind_of(kernel) == kind


def test_the_page_holds_every_figure_and_what_it_changes(rehearsed: dict[str, Any]) -> None:
    now = as_if_on_a_gpu(rehearsed)
    text = page(now, as_if_on_a_gpu(rehearsed, label="before"))
    assert "Some Card (80 GiB)" in text and "“Before” is an older version" in text
    assert text.count("\n| --- |") == len(PARTS)
    assert "Not measured" not in text
    [row] = [line for line in text.splitlines() if line.startswith("| as it starts |")]
    assert " attention" in row  # the kernels it took
    failed = page(now | {"parts": {"shares": {"error": "RuntimeError: no such kernel"}}})
    assert "`RuntimeError: no such kernel`" in failed
    assert failed.count("Not measured yet.") == len(PARTS) - 1


def test_the_page_committed_follows_the_results_committed() -> None:
    assert DOC.read_text() == page(*newest(RESULTS)), "run `python -m bench.gpu --page`"


def test_an_older_report_of_the_same_card_is_compared(
    rehearsed: dict[str, Any], tmp_path: Path
) -> None:
    assert newest(tmp_path) == (None, None)
    now, before = as_if_on_a_gpu(rehearsed), as_if_on_a_gpu(rehearsed, label="before")
    other = as_if_on_a_gpu(rehearsed, label="before")
    other["machine"] = other["machine"] | {"gpu": "Another Card"}
    for day, one in enumerate((before, now, other)):
        (tmp_path / f"2027-01-0{day + 1}-gpu-card.json").write_text(json.dumps(one))
    assert newest(tmp_path) == (now, before)


def test_a_reading_says_what_takes_the_time() -> None:
    shares = {"element-wise": 0.4}
    idle = {"step_ms": 6.0, "device_ms": 3.0, "issue_ms": 5.9, "shares": shares}
    full = {"step_ms": 50.0, "device_ms": 49.0, "issue_ms": 6.0, "shares": shares}
    said = readings.shares({"one": idle, "many": full})
    assert "one: **launching** takes the time: the device works in 50% of a step" in said
    assert "up to 2.0 times as fast" in said
    assert (
        "many: the **device** is busy all the time. Fused kernels can save part of the 40%" in said
    )


def test_a_reading_takes_no_option_that_changes_the_speech() -> None:
    first = {"one_job_s": 1.0, "step_ms, 1 chunks": 10.0, "mel_error": 0.0}
    faster = {"one_job_s": 0.5, "step_ms, 1 chunks": 5.0, "mel_error": 0.001}
    said = readings.options(
        {
            "as it starts": first,
            "bf16": faster,
            "fused kernels, graphs": faster,
            "wrong": faster | {"mel_error": 0.5},
            "slow": first | {"one_job_s": 2.0},
            "missing": {"error": "RuntimeError: no\nmore"},
        }
    ).splitlines()
    assert said[0].endswith(
        "bf16: 2.00 to 2.00 times as fast as the engine as it starts: "
        "**worth setting** on this card (`F5_DTYPE=bfloat16`); its mel differs by 0.10%."
    )
    assert said.pop(1).endswith("this version starts with it.")
    assert said[1].endswith("its mel differs by 50.0%: not to be taken.")
    assert said[2].endswith("the default is right.")
    assert said[3] == "- missing: does not run here (RuntimeError: no)."


def test_a_reading_finds_the_smallest_budget_that_is_fast() -> None:
    cases = {
        "2048": {"all_s": 9.0, "frames_per_s": 100.0},
        "8192": {"all_s": 5.1, "frames_per_s": 196.0},
        "65536": {"all_s": 5.0, "frames_per_s": 200.0},
        "131072": {"all_s": 5.2, "frames_per_s": None},
    }
    said = readings.budgets({"default": 16_384} | cases)
    assert "best time from 8,192 frames on" in said and "best rate from 8,192 on" in said
    assert "took 16,384 by itself" in said

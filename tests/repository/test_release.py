"""Releases: what a tag must fit, and what images are called."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from tools.release import ROOT, check, image_names, main


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text('[project]\nversion = "1.2.3"\n')
    (tmp_path / "CHANGELOG.md").write_text("# Changelog\n\n## [1.2.3] - 2027-01-02\n\n- All.\n")
    return tmp_path


@pytest.mark.parametrize("tag", ["v1.2.3", "v1.2.3-rc1"])
def test_a_tag_that_fits_is_accepted(repository: Path, tag: str) -> None:
    check(tag, repository)


@pytest.mark.parametrize(
    ("tag", "hint"),
    [
        ("1.2.3", "name the tag"),
        ("v1.2", "name the tag"),
        ("v1.2.3; rm -rf /", "name the tag"),
        ("v1.2.4", "pyproject.toml says 1.2.3"),
    ],
)
def test_another_tag_is_refused_with_what_to_do(repository: Path, tag: str, hint: str) -> None:
    with pytest.raises(ValueError, match=hint):
        check(tag, repository)


@pytest.mark.parametrize("heading", ["## [1.2.3] - unreleased", "## [1.2.30] - 2027-01-02", ""])
def test_a_release_needs_a_dated_section(repository: Path, heading: str) -> None:
    (repository / "CHANGELOG.md").write_text(f"# Changelog\n\n{heading}\n")
    with pytest.raises(ValueError, match=r"CHANGELOG\.md needs a dated section"):
        check("v1.2.3", repository)


def test_a_release_moves_the_short_names_and_a_candidate_does_not() -> None:
    image = "ghcr.io/Some/Worker"
    assert image_names("v1.2.3", image) == [
        "ghcr.io/some/worker:1.2.3",
        "ghcr.io/some/worker:1.2",
        "ghcr.io/some/worker:latest",
    ]
    assert image_names("v1.2.3-rc1", image) == ["ghcr.io/some/worker:1.2.3-rc1"]
    assert image_names("v1.2.3", image, "-bare", prerelease=True) == [
        "ghcr.io/some/worker:1.2.3-bare"
    ]


def test_the_command_refuses_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["v99.0.0", "--image", "x"]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert len(printed.err.splitlines()) == 1


def test_the_changelog_speaks_of_the_version_being_made() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert f"## [{version}]" in (ROOT / "CHANGELOG.md").read_text()

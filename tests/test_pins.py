"""The versions that were tested are the versions that people get."""

import re
import tomllib

from packaging.requirements import Requirement

from mlkit import paths

PROJECT = tomllib.loads((paths.root() / "pyproject.toml").read_text())
PINS = {
    re.sub(r"\s", "", pin.replace('"', "'"))
    for pin in PROJECT["tool"]["uv"]["constraint-dependencies"]
}
BINDER = {
    re.sub(r"\s", "", line.replace('"', ""))
    for line in re.findall(
        r"^ {6}- (.*)$", (paths.root() / "binder/environment.yml").read_text(), re.M
    )
}


def name(requirement: str) -> str:
    return re.match(r"[\w.-]+", requirement)[0].lower().replace("_", "-")


def test_binder_gets_versions_that_were_tested():
    assert BINDER and BINDER <= PINS


def test_every_direct_dependency_is_pinned_for_tests_and_for_binder():
    direct = {name(requirement) for requirement in PROJECT["project"]["dependencies"]}
    assert direct <= {name(pin) for pin in PINS}
    assert direct <= {name(pin) for pin in BINDER}


def test_every_pin_is_exact():
    assert all("==" in pin for pin in PINS)


def test_windows_on_arm_is_asked_for_nothing_that_has_no_wheel_there():
    dev = [each for each in PROJECT["dependency-groups"]["dev"] if isinstance(each, str)]
    needed = [Requirement(each) for each in (*PROJECT["project"]["dependencies"], *dev)]
    assert {"statsmodels", "xllamacpp"} <= {each.name for each in needed}
    arm = {"sys_platform": "win32", "platform_machine": "ARM64"}
    there = {each.name for each in needed if not each.marker or each.marker.evaluate(arm)}
    assert {"numpy", "pytest"} <= there and not there & {"statsmodels", "xllamacpp"}

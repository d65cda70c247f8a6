"""The versions that were tested are the versions that people get, and what Binder's steps take of
a machine is measured.
"""

import os
import re
import subprocess
import sys
import tomllib

import pytest
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


# Three processes, of which none holds 100 MB: it ends only if it is stopped.
TWO = """
import subprocess, sys
hold = "held = b'x' * 60 * 2**20; print(flush=True); input()"
two = [subprocess.Popen([sys.executable, "-c", hold], stdin=subprocess.PIPE) for _ in range(2)]
two[0].wait(30)
"""


def measured(program: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, paths.root() / ".ci" / "measured", "a step"]
    return subprocess.run(
        [*command, sys.executable, "-c", program],
        env=os.environ | {"MEASURED_MB": "100"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_the_memory_of_a_step_is_that_of_all_its_processes():
    done = measured(TWO)
    (most,) = re.findall(r"^-- a step: [\d.]+ s, (\d+) MB at most$", done.stdout, re.M)
    assert done.returncode == 1 and int(most) >= 100, done.stderr
    assert "-- a step: RED, over 100 MB" in done.stdout


@pytest.mark.parametrize("code", [0, 3])
def test_a_step_that_is_measured_ends_as_it_would_alone(code):
    done = measured(f"import sys; sys.exit({code})")
    assert done.returncode == code and "RED" not in done.stdout


def test_every_step_of_binder_is_measured():
    steps = (paths.root() / ".ci" / "binder").read_text(encoding="utf-8")
    assert '"$measuring" "$kit/.ci/measured" "$1"' in steps and "ru_maxrss" not in steps
    assert len(re.findall("^ *as_user ", steps, re.M)) >= 7

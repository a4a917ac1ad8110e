"""Every lock is installed as it stands: each of them is complete, and the installer resolves nothing."""

import functools
import hashlib
import http.server
import re
import shlex
import subprocess
import sys
import threading
import tomllib
import zipfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent.parent
# What each lock holds beside the product's own requirements: dependency groups, and single packages.
LOCKS: dict[str, tuple[list[str], list[str]]] = {
    "runtime.txt": ([], []),
    "embedded.txt": (["embedded"], ["setuptools"]),
    "dev.txt": (["dev"], []),
}
GENERATOR = ROOT / ".venv" / "generator"
"""Where the lock generator.txt is installed, which holds its group alone and nothing of the product."""

PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())


def locked(name: str) -> dict[str, Requirement]:
    """What the lock pins for this interpreter."""
    text = (ROOT / "deploy" / "requirements" / name).read_text().replace("\\\n", " ")
    lines = [line.split("--hash")[0].strip() for line in text.splitlines() if line and not line.startswith("#")]
    requirements = [Requirement(line) for line in lines]
    return {
        canonicalize_name(each.name): each for each in requirements if not each.marker or each.marker.evaluate()
    }


def pinned_version(requirement: Requirement) -> str:
    (specifier,) = requirement.specifier
    assert specifier.operator == "=="
    return specifier.version


def in_group(name: str) -> Iterator[Requirement]:
    """The requirements of a dependency group, and of those that it includes."""
    for entry in PROJECT["dependency-groups"][name]:
        if isinstance(entry, dict):
            yield from in_group(entry["include-group"])
        else:
            yield Requirement(entry)


def installed(folders: list[str]) -> dict[str, metadata.Distribution]:
    """The packages in these folders, by name; of a package that is there twice, the first."""
    found = list(metadata.distributions(path=folders))
    return {canonicalize_name(each.name): each for each in reversed(found)}


def wanted_by(package: metadata.Distribution, extras: frozenset[str]) -> list[Requirement]:
    """What a package requires here, with these extras."""
    requirements = [Requirement(line) for line in package.requires or []]
    environments = [{"extra": extra} for extra in ("", *extras)]
    return [
        each
        for each in requirements
        if not each.marker or any(each.marker.evaluate(environment) for environment in environments)
    ]


def check_lock(name: str, left: list[Requirement], packages: dict[str, metadata.Distribution]) -> None:
    lock = locked(name)
    seen: set[tuple[str, frozenset[str]]] = set()
    while left:
        wanted = left.pop()
        package = canonicalize_name(wanted.name)
        assert package in lock, f"{wanted} is not in {name}"
        version = pinned_version(lock[package])
        assert wanted.specifier.contains(version, prereleases=True), f"{name} has {package} {version}, not {wanted}"
        key = (package, frozenset(wanted.extras))
        if key not in seen:
            seen.add(key)
            assert packages[package].version == version
            left += wanted_by(packages[package], frozenset(wanted.extras))
    assert {package for package, _ in seen} == set(lock), "the lock holds packages that nothing requires"


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_holds_all_that_its_packages_require(name: str) -> None:
    groups, packages = LOCKS[name]
    wanted = [*map(Requirement, PROJECT["project"]["dependencies"]), *map(Requirement, packages)]
    wanted += [requirement for group in groups for requirement in in_group(group)]
    check_lock(name, wanted, installed(sys.path))


def test_the_lock_of_the_generator_holds_all_that_it_requires() -> None:
    if not (folders := [str(each) for each in GENERATOR.glob("lib/*/site-packages")]):
        pytest.skip("the generator is not installed: make .venv/.generator")
    check_lock("generator.txt", list(in_group("generator")), installed(folders))


def test_all_locks_are_checked_here() -> None:
    names = {path.name for path in (ROOT / "deploy" / "requirements").glob("*.txt")}
    assert names == {*LOCKS, "generator.txt"}


def installers() -> list[list[str]]:
    """The arguments of every `pip install` of a lock in the Makefile and the Dockerfile, without the lock."""
    text = (ROOT / "Makefile").read_text() + (ROOT / "Dockerfile").read_text()
    text = text.replace("$(INSTALL)", re.search(r"^INSTALL = (.*)$", text, re.MULTILINE)[1])  # type: ignore[index]  # it is there
    commands = [line for line in text.splitlines() if "--require-hashes" in line]
    found = [re.search(r" (install .*?) (?:-r|--requirement) ", command) for command in commands]
    return [shlex.split(each[1]) for each in found if each]


def make_wheel(folder: Path, name: str, version: str, requires: str = "") -> str:
    """Writes a wheel of one empty module, and returns its SHA-256."""
    info = f"{name}-{version}.dist-info"
    path = folder / f"{name}-{version}-py3-none-any.whl"
    needs = f"Requires-Dist: {requires}\n" if requires else ""
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr(f"{name}.py", f"VERSION = {version!r}\n")
        wheel.writestr(
            f"{info}/METADATA",
            f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\nProvides-Extra: fast\n{needs}",
        )
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A package index on loopback, and the folder that it serves."""
    folder = tmp_path / "registry"
    folder.mkdir()
    handler = functools.partial(QuietHandler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", folder
        server.shutdown()
        thread.join()


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None: ...


def test_all_installers_are_found() -> None:
    assert len(installers()) == 4


@pytest.mark.parametrize("arguments", installers(), ids=lambda arguments: shlex.join(arguments[:3]))
def test_a_newer_release_in_the_registry_changes_nothing(
    registry: tuple[str, Path], tmp_path: Path, arguments: list[str]
) -> None:
    url, folder = registry
    for name in ("mk_outer", "mk_inner"):
        (folder / name.replace("_", "-")).mkdir()
    # An extra of a locked package is what made the installer look for a newer one.
    outer = make_wheel(folder / "mk-outer", "mk_outer", "1.0", "mk-inner[fast]>=1.0")
    inner = make_wheel(folder / "mk-inner", "mk_inner", "1.0")
    make_wheel(folder / "mk-inner", "mk_inner", "2.0")
    lock = tmp_path / "lock.txt"
    lock.write_text(f"mk-outer==1.0 --hash=sha256:{outer}\nmk-inner==1.0 --hash=sha256:{inner}\n")

    target = tmp_path / "installed"
    flags = [each for each in arguments if each not in {"--prefix", "/installed"}]
    run = subprocess.run(
        [sys.executable, "-m", "pip", *flags, "--target", str(target), "--no-cache-dir", "-r", str(lock)],
        env={"PIP_INDEX_URL": url, "PIP_CONFIG_FILE": "/dev/null", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert sorted(path.name for path in target.glob("*.dist-info")) == [
        "mk_inner-1.0.dist-info",
        "mk_outer-1.0.dist-info",
    ]

"""The wheel holds the product and nothing else, with the metadata that says whose it is."""

import email
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from minutekeeper import __version__

ROOT = Path(__file__).resolve().parent.parent.parent
DEVELOPERS_TOOLS = {"devtools"}


def product() -> set[str]:
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - DEVELOPERS_TOOLS
    return packages | {"worker.py"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """Built from a copy, because setuptools leaves a folder `build` behind."""
    copy, made = tmp_path_factory.mktemp("copy"), tmp_path_factory.mktemp("wheel")
    for name in ("LICENSE", "README.md", "pyproject.toml", "worker.py"):
        shutil.copy(ROOT / name, copy)
    for package in ROOT.glob("*/__init__.py"):
        ignored = shutil.ignore_patterns("__pycache__", "media")
        shutil.copytree(package.parent, copy / package.parent.name, ignore=ignored)
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check", "--no-deps"),
            *("--no-build-isolation", "--wheel-dir", str(made), str(copy)),
        ],
        check=True,
    )
    (built,) = made.glob("*.whl")
    return zipfile.ZipFile(built)


def test_only_the_product_is_in_the_wheel(wheel: zipfile.ZipFile) -> None:
    top = {name.partition("/")[0] for name in wheel.namelist() if ".dist-info/" not in name}
    assert top == product()
    sources = {path.relative_to(ROOT).as_posix() for name in product() for path in ROOT.glob(f"{name}/**/*.py")}
    pages = {path.relative_to(ROOT).as_posix() for path in ROOT.glob("web/pages/*/*.*") if path.suffix != ".pyc"}
    assert {"web/pages/templates/base.html", "web/pages/static/style.css"} <= pages
    assert {"minutekeeper/py.typed", *pages} <= set(wheel.namelist())
    assert sources <= set(wheel.namelist())


def test_the_metadata_name_licence_and_authors(wheel: zipfile.ZipFile) -> None:
    (name,) = [each for each in wheel.namelist() if each.endswith(".dist-info/METADATA")]
    metadata = email.message_from_bytes(wheel.read(name))
    assert metadata["Version"] == __version__
    assert metadata["License-Expression"] == "Apache-2.0"
    assert metadata["Author"] == "Minutekeeper contributors"
    assert "Private :: Do Not Upload" in metadata.get_all("Classifier", [])
    assert not metadata.get_all("Provides-Extra"), "what developers need is in dependency groups"
    assert any(each.endswith("/licenses/LICENSE") for each in wheel.namelist())

"""pytest's side of amlcheck: `pytest --image IMAGE my_checks/`, and `--pyargs amlcheck.probes` for the built-in probes.

Installed with the package and loaded by every pytest run, so it imports nothing of weight and does nothing without
`--image`. With it, tests get the fixtures `host` (testinfra's, for the image), `image` (its files and config) and
`verdicts` (the requirements' verdicts by component), once for each image.
"""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options, all of which begin with --image."""
    group = parser.getgroup("amlcheck", "images for Azure Machine Learning")
    add = group.addoption
    add("--image", action="append", default=[], metavar="IMAGE", help="an image to test, as `amlcheck probe` takes it")
    add("--image-pull", choices=("missing", "always", "never"), default="missing", help="when to pull it")
    add("--image-platform", default="", metavar="OS/ARCH", help="of a multi-platform image")
    add("--image-execute", choices=("engine", "sandbox", "never"), default="engine", help="where its programs may run")
    add("--image-gpus", default="", metavar="GPUS", help="pass on to the engine, as `docker run --gpus`")
    add("--image-profile", metavar="NAME", help="the profile that the verdicts follow")
    add("--image-flavour", metavar="NAME", help="versions to match, such as openmpi-gpu")
    add("--image-require", action="append", metavar="SPEC", help="one more requirement, such as 'python>=3.9'")
    add("--image-datasets", action="store_true", default=None, help="datasets are mounted: libfuse is needed")
    add("--image-user-managed", action="store_true", default=None, help="no environment is built on top of it")
    add("--image-allow-undecided", action="store_true", help="an undecided requirement skips instead of failing")


def pytest_configure(config: pytest.Config) -> None:
    """The fixtures come last of all plugins', so that they stand before testinfra's own `host`."""
    if config.getoption("image"):
        from amlcheck import pytest_fixtures
        from amlcheck.pytest_images import PLUGIN, Images

        config.pluginmanager.register(Images(config), PLUGIN)
        config.pluginmanager.register(pytest_fixtures, "amlcheck-fixtures")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Nothing of amlcheck.probes can be tested without an image."""
    if not items and not config.getoption("image") and any("amlcheck.probes" in str(arg) for arg in config.args):
        raise pytest.UsageError("amlcheck.probes needs an image: add --image IMAGE")

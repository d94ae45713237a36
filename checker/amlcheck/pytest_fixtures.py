"""What tests of an image ask for: `host`, `image` and `verdicts`. Registered by the plugin where --image is given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

import pytest

from amlcheck.image.image import Image
from amlcheck.model import Judgement
from amlcheck.pytest_images import PLUGIN, Images

if TYPE_CHECKING:
    from testinfra.host import Host


@pytest.fixture(scope="session")
def _amlcheck_image(request: pytest.FixtureRequest) -> str:
    """The name of the image, one after the other."""
    return cast("str", request.param)


@pytest.fixture(scope="session")
def image(_amlcheck_image: str, pytestconfig: pytest.Config) -> Image:
    """The image under test: `image.files` and `image.config`."""
    return _images(pytestconfig).open(_amlcheck_image)


@pytest.fixture(scope="session")
def host(image: Image) -> Host:
    """The host of testinfra for the image under test."""
    return image.host


@pytest.fixture(scope="session")
def verdicts(_amlcheck_image: str, pytestconfig: pytest.Config) -> Mapping[str, Judgement]:
    """The verdict on each requirement by its component: `verdicts["python"].verdict is Verdict.MET`."""
    return {item.component: item for item in _images(pytestconfig).report(_amlcheck_image).judgements}


def _images(config: pytest.Config) -> Images:
    return cast("Images", config.pluginmanager.get_plugin(PLUGIN))

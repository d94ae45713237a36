"""azureml-defaults

Reads the metadata of pip's packages (*.dist-info, *.egg-info), names normalised as PEP 503 has it. It counts where the
Python that counts looks for packages; in another environment it is another installation.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from amlcheck.image.distributions import CONTENTS
from amlcheck.image.environment import WANTED as ENVIRONMENT
from amlcheck.image.environment import installed
from amlcheck.image.image import Image
from amlcheck.image.survey import Sighting
from amlcheck.image.tree import Wanted
from amlcheck.image.words import brief, pep440
from amlcheck.model import Unknown, in_file

if TYPE_CHECKING:
    from testinfra.host import Host

WANTED = Wanted(contents=CONTENTS) | ENVIRONMENT
SEARCHED = "*.dist-info and *.egg-info of every Python"


def testify(host: Host, image: Image) -> Iterator[Sighting | Unknown]:
    """The package, wherever it is."""
    for item in installed(image, "azureml-defaults"):
        if isinstance(item, Unknown):
            yield item
            continue
        evidence = in_file(item.distribution.path, brief(f"Version: {item.version}"))
        value = pep440(item.version)
        yield Sighting(value, (evidence,), item.distribution.prefix, item.used)

"""Asking one built-in probe of a made-up image, as the engine does."""

from __future__ import annotations

from functools import lru_cache

from amlcheck.catalog import catalog
from amlcheck.image.image import Image
from amlcheck.image.survey import Conclusion
from amlcheck.model import Fact, Finding, Notice, Unknown
from amlcheck.probing import Probes, load_probes


@lru_cache(maxsize=1)
def built_in() -> Probes:
    return load_probes(catalog())


def asked(component: str, image: Image) -> Conclusion:
    return built_in().ask(component, image)


def told(component: str, image: Image) -> str:
    """What is found, as people read it: "22.04", "absent", or "?" where it is not known."""
    testimony = asked(component, image).testimony
    return testimony.value.text if isinstance(testimony, Fact) else "?"


def fact(component: str, image: Image) -> Fact:
    testimony = asked(component, image).testimony
    assert isinstance(testimony, Fact), testimony
    return testimony


def unknown(component: str, image: Image) -> Unknown:
    testimony = asked(component, image).testimony
    assert isinstance(testimony, Unknown), testimony
    return testimony


def places(component: str, image: Image) -> list[str]:
    """Where the evidence of a fact is, in its order."""
    return [item.place for item in fact(component, image).evidence]


def said(component: str, image: Image, rule: str) -> list[str]:
    """The notices of one rule that come with a testimony (AML402, AML403)."""
    return [notice.message for identifier, notice in asked(component, image).notices if identifier == rule]


def found(rule: str, image: Image) -> list[Notice]:
    """What a check says."""
    return [
        notice
        for probe in built_in().all
        for identifier, check in probe.checks.items()
        if identifier == rule
        for notice in check(image.host, image)
    ]


def findings(image: Image) -> list[Finding]:
    return built_in().look(image, catalog(), {})

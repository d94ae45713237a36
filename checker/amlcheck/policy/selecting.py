"""`--select` and `--ignore`: which rules are asked in one run, by ID, name or the beginning of IDs ("AML6")."""

from __future__ import annotations

import re
from collections.abc import Sequence

from amlcheck.catalog import Catalog, Rule
from amlcheck.errors import AmlcheckError
from amlcheck.nearest import nearest_rule
from amlcheck.profiles import Profile
from amlcheck.records import replace


def with_selection(profile: Profile, catalog: Catalog, select: Sequence[str], ignore: Sequence[str]) -> Profile:
    """A profile with rules turned off, all but the selected ones too. Raises AmlcheckError for what names no rule.

    A rule that is selected by its whole ID or name is asked even where it is off otherwise.
    """
    if not select and not ignore:
        return profile
    rules = dict(profile.rules)
    if select:
        chosen = {rule.id: exact for text in select for rule, exact in _named(catalog, text, "--select")}
        for rule in catalog.rules:
            if rule.id not in chosen:
                rules[rule.id] = None
            elif chosen[rule.id] and rules.get(rule.id, rule.severity if rule.on else None) is None:
                rules[rule.id] = rule.severity
    for text in ignore:
        for rule, _ in _named(catalog, text, "--ignore"):
            rules[rule.id] = None
    return replace(profile, rules=rules)


def _named(catalog: Catalog, texts: str, option: str) -> list[tuple[Rule, bool]]:
    """The rules that an option names, and whether by the whole of their names. Raises AmlcheckError."""
    found: list[tuple[Rule, bool]] = []
    for text in texts.split(","):
        wanted = text.strip()
        rule = catalog.rule(wanted)
        if rule is not None:
            found.append((rule, True))
            continue
        begins = re.fullmatch(r"AML\d{0,2}", wanted.upper()) is not None
        group = [(rule, False) for rule in catalog.rules if begins and rule.id.startswith(wanted.upper())]
        if not group:
            near = nearest_rule(wanted, [rule.id for rule in catalog.rules], [rule.name for rule in catalog.rules])
            hint = f"did you mean {near}?" if near else "`amlcheck rules` lists them"
            raise AmlcheckError(f"{option} {wanted!r}: there is no such rule; {hint}")
        found += group
    return found

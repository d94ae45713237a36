"""`amlcheck rules`, `amlcheck explain` and `amlcheck profiles`: what the tool itself can tell."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from amlcheck.catalog import Catalog, Rule, catalog
from amlcheck.errors import AmlcheckError
from amlcheck.model import When
from amlcheck.nearest import nearest_rule
from amlcheck.pages import link
from amlcheck.profiles import Profile, load_profile, with_flavour

_WHEN = {
    When.ALWAYS: "",
    When.DATASETS: "where datasets are mounted",
    When.GPU: "for GPU images",
    When.NEVER: "not asked",
}


def rules(format_name: str) -> str:
    """Every rule, as a table or as JSON."""
    known = catalog().rules
    if format_name == "json":
        rows = [
            {
                "id": rule.id,
                "name": rule.name,
                "kind": "requirement" if rule.component else "finding",
                "severity": rule.severity.label,
                "on": rule.on,
                "summary": rule.summary,
                "fix": rule.fix,
            }
            for rule in known
        ]
        return json.dumps(rows, indent=2) + "\n"
    width = max(len(rule.name) for rule in known)
    return "".join(f"{rule.id}  {rule.name:<{width}}  {_kind(rule):<16}  {rule.summary}\n" for rule in known)


def _kind(rule: Rule) -> str:
    if rule.component:
        return "asked by profile"
    return rule.severity.label if rule.on else "off"


def explain(names: Sequence[str], format_name: str = "text") -> str:
    """The pages of rules, as text or as JSON. Raises AmlcheckError where there is no such rule."""
    known = catalog()
    found = [_rule(known, name) for name in names]
    if format_name == "json":
        return json.dumps([_page(rule) for rule in found], indent=2, ensure_ascii=False) + "\n"
    return "\n\n".join(explained(rule) for rule in found)


def _rule(known: Catalog, name: str) -> Rule:
    rule = known.rule(name)
    if rule is None:
        near = _near(name.strip(), known.rules)
        hint = f"did you mean {' or '.join(near)}?" if near else "`amlcheck rules` lists them"
        raise AmlcheckError(f"there is no rule {name!r}; {hint}")
    return rule


def _near(name: str, rules: Sequence[Rule]) -> list[str]:
    """What may have been meant: the nearest ID or name, else the names that have the word in them."""
    names = [rule.name for rule in rules]
    like = nearest_rule(name, [rule.id for rule in rules], names)
    if like:
        return [like]
    word = name.lower()
    within = [item for item in names if any(part.startswith(word) or part.endswith(word) for part in item.split("-"))]
    return within[:3] if len(word) > 2 else []


def _page(rule: Rule) -> dict[str, object]:
    sections = re.split(r"^## (.+)\n", rule.page, flags=re.MULTILINE)[1:]
    return {
        "id": rule.id,
        "name": rule.name,
        "title": rule.summary,
        "kind": "requirement" if rule.component else "finding",
        "severity": rule.severity.label,
        "on": rule.on,
        "page": link(rule.id),
        "sections": {title: body.strip() for title, body in zip(sections[::2], sections[1::2], strict=True)},
    }


def explained(rule: Rule) -> str:
    """A rule's page as text: headings in capitals, examples indented."""
    title, _, body = rule.page.partition("\n")
    out = []
    inside = False
    for line in body.split("\n"):
        if line.startswith("```"):
            inside = not inside
            if inside and " " in line:
                out.append(f"    # {_about(line.partition(' ')[2])}")
            continue
        out.append(
            f"    {line}" if inside and line else line.removeprefix("## ").upper() if line.startswith("## ") else line
        )
    return f"{rule.id} {rule.name}: {title}\n{chr(10).join(out)}\n"


def _about(options: str) -> str:
    """What stands behind an example's fence: options, the file's name, or that it is beside the one before."""
    if options.startswith("+ "):
        return f"beside it {options[2:]}"
    return options if "." in options and not options.startswith("-") else f"with {options}"


def profiles(name: str | None) -> str:
    """All profiles and flavours, or what one of them asks. Raises AmlcheckError for one that does not exist."""
    known = catalog()
    if name is not None:
        if name in known.flavour_names():
            return _full(with_flavour(known, Profile(name), name))
        return _full(load_profile(known, name))
    lines = ["profiles:"]
    lines += [f"  {item:<18} {load_profile(known, item).title}" for item in known.profile_names()]
    lines.append("flavours (laid over a profile with --flavour):")
    for item in known.flavour_names():
        asks = with_flavour(known, Profile(item), item).requires.values()
        shown = ", ".join(f"{ask.component} {ask.expected}" for ask in asks if ask.when is not When.NEVER)
        lines.append(f"  {item:<18} {shown}")
    return "\n".join(lines) + "\n"


def _full(profile: Profile) -> str:
    lines = [f"{profile.name}: {profile.title}" if profile.title else profile.name]
    if profile.document:
        lines.append(f"source: {profile.document}")
    for ask in profile.requires.values():
        when = f" ({_WHEN[ask.when]})" if _WHEN[ask.when] else ""
        expected = "" if ask.when is When.NEVER else ask.expected
        lines.append(f"  {ask.component:<17} {expected}{when}".rstrip())
        if ask.source:
            lines.append(f"  {'':<17} {ask.source}")
    for rule, severity in sorted(profile.rules.items()):
        lines.append(f"  {rule}: {severity.label if severity is not None else 'off'}")
    return "\n".join(lines) + "\n"

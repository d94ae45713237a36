"""What a verdict or a finding rests on: the chain of evidence, and who says what."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from amlcheck.judge import exclude
from amlcheck.model import Chain, Evidence, Fact, Judgement, Medium, Origin, SubjectReport, Witness
from amlcheck.report.html.markup import Markup, join, short, tag, with_code
from amlcheck.report.html.sources import Sources

MAX_CHAIN = 25
MAX_TEXT = 2000
"""Characters of one piece of evidence from an image."""
MAX_PLACE = 300
ORIGINS = {
    Origin.STATIC: ("Dockerfile", "static"),
    Origin.LIVE: ("Image", "live"),
    Origin.ENVIRONMENT: ("Environment", "on top of the image"),
    Origin.SCORED: ("Test deployment", "scored"),
}
_MEDIA = {
    Medium.FILE: "file of the image",
    Medium.CONFIG: "config of the image",
    Medium.COMMAND: "run in the image",
    Medium.EXCHANGE: "request to the server",
}


def chain(evidence: Chain, subject: SubjectReport, sources: Sources) -> Markup | None:
    """Evidence in the order of cause."""
    if not evidence:
        return None
    rows = [tag("li", *_piece(item, subject, sources)) for item in evidence[:MAX_CHAIN]]
    more = len(evidence) - len(rows)
    return tag("ol", *rows, tag("li", f"and {more} more") if more else None, class_="chain")


def _piece(item: Evidence, subject: SubjectReport, sources: Sources) -> Sequence[Markup | None]:
    note = tag("span", short(item.note, MAX_PLACE), class_="note") if item.note else None
    if item.location is not None:
        excerpt = sources.excerpt(subject, item.location)
        return sources.place(subject, item.location), note, excerpt or _words(item.text)
    if item.medium is not None:
        prompt = "$ " if item.medium is Medium.COMMAND else ""
        place = tag("code", prompt + short(item.place, MAX_PLACE), class_="at")
        medium = tag("span", _MEDIA[item.medium], class_="note")
        return place, medium, note, _words(item.text)
    return tag("span", short(item.note, MAX_PLACE) or "known", class_="at"), _words(item.text)


def _words(words: str) -> Markup | None:
    return tag("pre", short(words, MAX_TEXT)) if words else None


def witnesses(judgement: Judgement, subject: SubjectReport, sources: Sources) -> Markup | None:
    """Who says what, from the weakest to the strongest, side by side where there are several."""
    if not judgement.witnesses:
        return None
    shown = [_witness(item, judgement.reason, subject, sources) for item in judgement.witnesses]
    quarrel = None
    if pair := disagreeing(judgement):
        told = " but ".join(f"{_who(item.origin)} {value_of(item)}" for item in pair)
        quarrel = tag("p", tag("strong", "They disagree: "), f"{told}.", class_="quarrel")
    kind = "witnesses several" if len(shown) > 1 else "witnesses"
    return join([quarrel, tag("div", *shown, class_=kind)])


def _who(origin: Origin) -> str:
    return {
        Origin.STATIC: "the Dockerfile says",
        Origin.LIVE: "the image has",
        Origin.ENVIRONMENT: "the environment brings",
        Origin.SCORED: "the test deployment shows",
    }[origin]


def _witness(witness: Witness, known: str, subject: SubjectReport, sources: Sources) -> Markup:
    """One witness; `known` is what was said before, and needs not be said again."""
    name, kind = ORIGINS[witness.origin]
    testimony = witness.testimony
    if isinstance(testimony, Fact):
        said = join(
            [
                tag("strong", short(value_of(witness), MAX_PLACE)),
                _after(testimony.note if testimony.note != known else ""),
            ]
        )
    else:
        said = join([tag("strong", "cannot tell"), _after(testimony.reason if testimony.reason != known else "")])
    return tag(
        "section",
        tag("p", tag("span", name, class_="who"), " ", tag("span", kind, class_="quiet"), class_="head"),
        tag("p", said),
        chain(testimony.evidence, subject, sources),
        class_="witness",
    )


def _after(note: str) -> Markup | None:
    return join([" — ", with_code(short(note, MAX_TEXT))]) if note else None


def value_of(witness: Witness) -> str:
    """What a witness says of the component's value."""
    return witness.testimony.value.text if isinstance(witness.testimony, Fact) else "unknown"


def disagreeing(judgement: Judgement) -> tuple[Witness, Witness] | None:
    """Two witnesses whose values cannot both be true. An environment differs from its image on purpose."""
    known = [
        (item, item.testimony)
        for item in judgement.witnesses
        if isinstance(item.testimony, Fact) and item.origin is not Origin.ENVIRONMENT
    ]
    for (one, mine), (other, theirs) in combinations(known, 2):
        if exclude(mine.value, theirs.value):
            return one, other
    return None

"""From sightings to one testimony: trust, precision, contradiction, several installations, nothing found."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amlcheck.image.survey import CONTRADICTION, SEVERAL, Sighting, conclude
from amlcheck.model import (
    ABSENT,
    PRESENT,
    Evidence,
    Fact,
    Unknown,
    Value,
    in_config,
    in_file,
    in_output,
    parse_value,
    version,
)
from amlcheck.versions import prefix

FILE = in_file("/usr/local/cuda/version.json", "11.8.0")
CONFIG = in_config("Env.CUDA_VERSION", "11.8")
COMMAND = in_output("nvcc --version", "release 11.8")


def seen(text: str, evidence: Evidence = FILE, place: str = "/usr/local/cuda", *, used: bool = True) -> Sighting:
    return Sighting(parse_value(text), (evidence,), place, used)


def test_the_file_is_trusted_before_the_config_and_both_before_a_program() -> None:
    for order in ((0, 1, 2), (2, 1, 0), (1, 2, 0)):
        words = [seen("11.8", FILE), seen("10.2", CONFIG), seen("9.0", COMMAND)]
        conclusion = conclude("cuda", [words[index] for index in order], "everywhere")
        assert isinstance(conclusion.testimony, Fact)
        assert conclusion.testimony.value.text == "11.8"
        assert conclusion.testimony.evidence == (FILE,)
        assert [identifier for identifier, _ in conclusion.notices] == [CONTRADICTION, CONTRADICTION]


def test_a_contradiction_names_both_places_and_values() -> None:
    _, notice = conclude("cuda", [seen("11.8"), seen("10.2", CONFIG)], "").notices[0]
    assert notice.message == (
        "cuda in /usr/local/cuda: /usr/local/cuda/version.json says 11.8, Env.CUDA_VERSION says 10.2"
    )
    assert notice.related == (FILE, CONFIG)


def test_sources_that_agree_make_the_value_more_exact_and_all_are_evidence() -> None:
    conclusion = conclude("cuda", [seen("11.8"), seen("11.8.89", CONFIG)], "")
    assert isinstance(conclusion.testimony, Fact)
    assert conclusion.testimony.value.text == "11.8.89"
    assert conclusion.testimony.evidence == (FILE, CONFIG)
    assert conclusion.notices == ()


def test_a_source_that_knows_only_presence_does_not_hide_a_version() -> None:
    conclusion = conclude("git", [seen("present", FILE, "/usr"), seen("2.39.5", COMMAND, "/usr")], "")
    assert isinstance(conclusion.testimony, Fact)
    assert conclusion.testimony.value.text == "2.39.5"


def test_absent_and_present_contradict() -> None:
    conclusion = conclude("git", [Sighting(ABSENT, (FILE,), "/usr"), Sighting(PRESENT, (COMMAND,), "/usr")], "")
    assert [identifier for identifier, _ in conclusion.notices] == [CONTRADICTION]


def test_of_several_installations_the_used_one_decides_and_all_are_told() -> None:
    words = [seen("3.11.2", FILE, "/usr", used=False), seen("3.8.5", FILE, "/opt/conda")]
    conclusion = conclude("python", words, "")
    assert isinstance(conclusion.testimony, Fact)
    assert conclusion.testimony.value.text == "3.8.5"
    [(identifier, notice)] = conclusion.notices
    assert identifier == SEVERAL
    assert "3.11.2 in /usr (not what PATH leads to)" in notice.message
    assert "3.8.5 in /opt/conda" in notice.message


def test_installations_of_which_any_may_be_used_are_known_only_together() -> None:
    conclusion = conclude("nccl", [seen("2.14.3", FILE, "/usr"), seen("2.18.5", FILE, "/opt/venv")], "")
    assert isinstance(conclusion.testimony, Fact)
    versions = conclusion.testimony.value.versions
    assert versions is not None
    assert "2.14.3" in versions
    assert "2.18.5" in versions
    assert "2.15" not in versions


def test_families_of_which_any_may_be_used_are_not_decided() -> None:
    conclusion = conclude("mpi", [seen("openmpi 4.1.4", FILE, "/usr"), seen("mpich 4.0", FILE, "/opt")], "")
    assert isinstance(conclusion.testimony, Unknown)
    assert "openmpi 4.1.4 in /usr and mpich 4.0 in /opt" in conclusion.testimony.reason


def test_what_nothing_on_path_leads_to_is_not_decided() -> None:
    conclusion = conclude("conda", [seen("4.9.2", FILE, "/srv/conda", used=False)], "")
    assert isinstance(conclusion.testimony, Unknown)
    assert "/srv/conda" in conclusion.testimony.reason


def test_nothing_seen_is_absent_and_says_where_was_looked() -> None:
    conclusion = conclude("nccl", [], "nccl.h and libnccl.so anywhere")
    assert isinstance(conclusion.testimony, Fact)
    assert not conclusion.testimony.value.present
    assert conclusion.testimony.evidence[0].text == "nccl.h and libnccl.so anywhere"


def test_what_could_not_be_read_is_never_absent() -> None:
    conclusion = conclude("nccl", [Unknown("nccl", "dpkg's list has 2 GB")], "")
    assert conclusion.testimony == Unknown("nccl", "dpkg's list has 2 GB")


def test_what_was_seen_counts_beside_what_could_not_be_read() -> None:
    conclusion = conclude("nccl", [Unknown("nccl", "unreadable"), seen("2.14.3", FILE, "/usr")], "")
    assert isinstance(conclusion.testimony, Fact)


_VALUES = st.one_of(
    st.just(PRESENT),
    st.builds(lambda text: Value(True, "", prefix(text)), st.sampled_from(["1", "1.2", "1.2.3", "2", "2.1"])),
)
_SIGHTINGS = st.builds(
    lambda value, evidence, place, used: Sighting(value, (evidence,), place, used),
    _VALUES,
    st.sampled_from([FILE, CONFIG, COMMAND]),
    st.sampled_from(["/usr", "/opt"]),
    st.booleans(),
)


@given(st.lists(_SIGHTINGS, min_size=1, max_size=6))
def test_a_fact_always_rests_on_what_was_seen(sightings: list[Sighting]) -> None:
    conclusion = conclude("nccl", sightings, "")
    testimony = conclusion.testimony
    assert testimony.evidence
    if isinstance(testimony, Fact):
        assert testimony.value.present
        assert set(testimony.evidence) <= {FILE, CONFIG, COMMAND}


@pytest.mark.parametrize("used", [True, False])
def test_order_within_one_trust_does_not_lose_a_version(used: bool) -> None:
    words = [Sighting(PRESENT, (FILE,), "/usr", used), Sighting(version("1.2.3"), (FILE,), "/usr", True)]
    conclusion = conclude("git", words, "")
    assert isinstance(conclusion.testimony, Fact)
    assert conclusion.testimony.value.text == "1.2.3"

"""What Docker accepts after EXPOSE: `[[ip:]host:]port[-port][/protocol]`.

Refused is what the classic builder (20.10) and BuildKit both refuse; BuildKit's later strictness (a second slash, a third
end of a range) is let pass.
"""

from __future__ import annotations

import ipaddress

_PROTOCOLS = frozenset({"", "tcp", "udp", "sctp"})
_HIGHEST = 65535


def refusal(word: str) -> str | None:
    """Why Docker refuses an expanded word of EXPOSE; None where it accepts it."""
    *front, container = word.split(":")
    port, _, protocol = container.partition("/")
    if not port:
        return f"no port is specified in {word!r}"
    protocol = protocol.partition("/")[0]
    if protocol.lower() not in _PROTOCOLS:
        return f"invalid protocol {protocol!r}"
    if len(front) > 1 and not _is_address(":".join(front[:-1])):
        return f"invalid IP address {':'.join(front[:-1])!r}"
    inside = _range(port)
    if inside is None:
        return f"invalid port {port!r}"
    host = front[-1] if front else ""
    outside = _range(host) if host else inside
    if outside is None:
        return f"invalid host port {host!r}"
    if inside[1] > inside[0] and inside[1] - inside[0] != outside[1] - outside[0]:
        return f"{host} and {port} are ranges of different lengths"
    return None


def _range(text: str) -> tuple[int, int] | None:
    """A port, or the two ends of a range."""
    ends = [_number(part) for part in text.split("-")[:2]]
    first, last = ends[0], ends[-1]
    return None if first is None or last is None or last < first else (first, last)


def _number(text: str) -> int | None:
    digits = text.lstrip("0") or "0"
    good = text.isascii() and text.isdigit() and len(digits) <= len(str(_HIGHEST)) and int(digits) <= _HIGHEST
    return int(digits) if good else None


def _is_address(text: str) -> bool:
    if not text:
        return True
    try:
        ipaddress.ip_address(text[1:-1] if text.startswith("[") and text.endswith("]") else text)
    except ValueError:
        return False
    return True

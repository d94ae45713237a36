"""What a file beside a Dockerfile may take: a larger or deeper one is refused, at the place, before it costs anything."""

MAX_BYTES = 10 << 20
"""Bytes of a file that are read at all."""
MAX_CHARACTERS = 1 << 20
"""Characters of a document; the largest real ones have some thousands."""
MAX_NODES = 50_000
"""Values of a document, aliases counted as often as they stand for something."""
MAX_DEPTH = 50
"""How deep mappings and sequences may stand in one another."""
MAX_WORD = 2_000
"""Characters of a package's specification that is read, and of a string that a program puts together times ten."""
MAX_UNKNOWN_KEYS = 200
"""Unknown keys of a document that are compared with the known ones."""
MAX_RELATED = 20
"""Further places that a finding names."""
TOO_LONG = f"it has more than {MAX_CHARACTERS >> 20} MB of text: that is no environment file"
TOO_DEEP = f"it is nested more than {MAX_DEPTH} deep"
TOO_MANY = f"it stands for more than {MAX_NODES} values, aliases included"

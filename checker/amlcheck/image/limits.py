"""What a container or sandbox may use, and how long it may take: every bound in one place."""

from __future__ import annotations

from amlcheck.records import dataclass

MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds for one image. The defaults leave room for `import torch` and none for harm."""

    answer_seconds: float = 30.0
    """Until the shell has answered for the first time: the start of a cold image of 15 GB is slow."""
    search_seconds: float = 120.0
    """For one pass over all files of the image, by its own `find` or through the engine."""
    export_seconds: float = 600.0
    """For the engine to send the whole file system of an image without a shell: 15 GB take minutes."""
    command_seconds: float = 30.0
    """For one command that was given no time of its own."""
    lifetime_seconds: int = 1800
    """After which the container ends by itself, whatever runs in it."""
    output_bytes: int = 4 * MIB
    """Kept of each output stream of a command; the rest is read and dropped."""
    flood_bytes: int = 64 * MIB
    """Printed by one command, both streams together, after which it is ended."""
    memory_bytes: int = 2048 * MIB
    """Of all processes together, with the temporary file system; there is no swap."""
    processes: int = 512
    """Threads count; a numerical library starts one a core."""
    cpus: float = 2.0
    tmp_bytes: int = 128 * MIB
    """Of /tmp, which is in memory."""
    open_files: int = 4096
    file_bytes: int = 128 * MIB
    """Of any one file that is written."""


DEFAULT_LIMITS = Limits()

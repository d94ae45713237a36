"""Images: where they come from, what files and config they have, and programs run inside them, bounded."""

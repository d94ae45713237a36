"""Reading a Dockerfile as Docker does: text, instructions, plan, and what the build puts into the image."""

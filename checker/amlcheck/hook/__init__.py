"""The pre-push hook: what is about to be pushed, read from the commits, checked where it concerns an image."""

"""What changed between two results: which subjects belong together, what is said of them now, and what got worse."""

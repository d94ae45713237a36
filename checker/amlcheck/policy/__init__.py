"""What is known and does not count, and what holds where: ignores in files, the baseline, single paths, single rules."""

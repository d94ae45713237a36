"""What was checked before and has not changed is not checked again: single files, and whole runs of `amlcheck lint`."""

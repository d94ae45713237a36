"""The test deployment: puts a scoring container together, waits for it, asks it, says what is wrong, takes it down."""

"""`--format html`: one self-contained page, for a browser, a printer and a screen reader."""

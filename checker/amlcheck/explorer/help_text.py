"""The keys, as `?` shows them."""

from __future__ import annotations

from rich.text import Text

_TEXT = """\
Moving
  arrows, h j k l    move; in a page: scroll, the item before, the item after
  PageUp, PageDown   a screen; also Ctrl-B, Ctrl-F, Space
  Ctrl-U, Ctrl-D     half a screen
  Home, End, g, G    to the beginning, to the end
  0, $               matrix: the first column, the last one
  Enter              step into what the cursor is on
  q, Esc             one step back; q on the matrix quits
  Tab                from the matrix to a list of everything, and back
  n, N               matrix: the next violated or undecided cell, the one before
  n, p               page: the next item of the list it was opened from, the one
                     before

What is shown
  /                  matrix, list: only what contains a text
                     page: find a text; then n and N
  s                  no infos, only errors, all
  v                  only what is wrong, only undecided, only met, all
  r                  matrix: only the requirement of this column, all again
  f                  all of these in one place
  c                  show everything again

A page
  w t x e            go to: where, witnesses, fix, explanation

Doing
  a                  apply the fix, where there is one (unsafe ones are asked
                     about)
  A                  apply all safe fixes: of the files that the matrix shows,
                     or of the one that is looked at
  R                  check the files again
  Ctrl-L             draw again
  Ctrl-Z             suspend
  Q, Ctrl-C          leave, from anywhere

Marks
  ok FAIL ? -        met, violated, undecided, not asked; in parentheses what is
                     waived and does not count
  2E 1W 3I           findings: errors, warnings, infos
  fix fix!           a safe fix, an unsafe one
"""
HELP = _TEXT.splitlines()
_KEYS = slice(2, 20)


def row(text: str) -> Text:
    """A line of it: a heading, or keys and what they do."""
    if not text.startswith(" "):
        return Text(text, "bold")
    made = Text(text)
    made.stylize("bold", _KEYS.start, _KEYS.stop)
    return made


def keys() -> frozenset[str]:
    """Every key that it names."""
    return frozenset(word.strip(",") for text in HELP if text.startswith("  ") for word in text[_KEYS].split())

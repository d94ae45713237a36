"""The terminal explorer of `amlcheck report`.

The pure part: a `State`, `update.press(state, key)` that makes the next one (and perhaps something to do), and
`view.rows(state)` that makes the lines of a screen of it. The part with effects: `terminal` (modes, keys, size, drawing)
and `session` (the loop).
"""

"""What the commands of a RUN do to the image: one module a kind of tool.

A reader takes a command and the step, and notes what is installed, written or cannot be followed.
"""

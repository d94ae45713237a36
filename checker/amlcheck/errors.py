"""Errors that a user can cause. Each is one sentence naming the place and the remedy; none is shown with a traceback."""


class AmlcheckError(Exception):
    """Bad input, configuration or usage: printed as it is, exit code 2."""


class ConfigError(AmlcheckError):
    """A configuration, profile or flavour file that cannot be used."""


class UnreadableError(AmlcheckError):
    """A file that was asked for and cannot be read."""

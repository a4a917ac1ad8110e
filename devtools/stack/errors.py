"""What can go wrong when a stack is started, in words for people."""


class UsageError(Exception):
    """Something was asked for that cannot be; the message names the option or setting. Nothing was started."""


class ServiceError(Exception):
    """A service of the stack does not come up or does not stay up; the message ends with the tail of its log."""

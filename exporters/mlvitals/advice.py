"""What to do about each reason for which a target cannot be read, in words for people."""

from __future__ import annotations

from collections.abc import Mapping

from mlvitals.core.collector import Failure, Reason

WHAT_TO_DO: Mapping[Reason, str] = {
    "auth": "Check the credentials, and what this user may read.",
    "connect": "Check that the address is right, that the system runs, and that this host may reach it.",
    "timeout": "The system hangs or is overloaded. Look at its own health; raise deadline if it is only slow.",
    "http": "Check url and its path; something else may answer there. The system's log may say more.",
    "parse": "This is not what the system should answer. Check url: a proxy or a login page may stand in between.",
    "limit": "The answer is too large to be read safely. Leave something out by the patterns of this exporter.",
    "empty": "The system answers, and has nothing of what is asked for. Check that something still comes in there.",
    "internal": "A mistake in mlvitals or in the plug-in of this type: please report it, with the log lines of it.",
}


def advice(failure: Failure) -> str:
    """What to do about it: the words of the exporter's type, if it has some, else those of the reason."""
    return failure.advice or WHAT_TO_DO[failure.reason]

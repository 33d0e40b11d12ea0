"""A ledger that a fresh one takes the place of."""

from __future__ import annotations

from mlvitals.core.renewal import Renewal


class Ledger:
    """Counts how often it was read."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.reads = 0

    def renewed(self) -> Ledger:
        return Ledger(self.number + 1)

    def read(self) -> bool:
        """True from the second time on."""
        self.reads += 1
        return self.reads > 1


def test_a_fresh_ledger_takes_over_when_it_is_complete() -> None:
    renewal = Renewal(Ledger(1), Ledger.renewed, every=3600)
    first = renewal.sync(Ledger.read, Ledger.read)
    assert (first.number, first.reads) == (1, 1)
    renewal.renew()
    assert renewal.sync(Ledger.read, Ledger.read) is first
    second = renewal.sync(Ledger.read, Ledger.read)
    assert (second.number, second.reads) == (2, 2)
    assert first.reads == 3, "it is kept up to date until then"
    assert renewal.sync(Ledger.read, Ledger.read) is second


def test_a_renewal_begins_by_itself() -> None:
    renewal = Renewal(Ledger(1), Ledger.renewed, every=0)
    numbers = [renewal.sync(Ledger.read, Ledger.read).number for _ in range(5)]
    assert numbers == [1, 2, 2, 3, 3]

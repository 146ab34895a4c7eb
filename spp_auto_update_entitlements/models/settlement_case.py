from typing import NamedTuple

from ..redemption import Decision, Redemption


class Case(NamedTuple):
    """Entitlements about which a settlement found, and decided, the same.

    :param state_before: the state that it found
    :param state_given: the state that something other than a settlement gave
    :param is_twin: two of the transactions are probably one
    :param is_outside: something was bought outside of the entitlement's time
    """

    state_before: str
    state_given: str
    settlement_before_id: int | None
    redemption: Redemption
    is_twin: bool
    is_outside: bool
    decision: Decision

    @property
    def is_changed(self):
        return self.decision.state != self.state_before

    @property
    def is_exception(self):
        return self.decision.is_listed or self.is_twin or self.is_outside

    @property
    def fingerprint(self):
        """The facts, and what they are listed for: where these are the same, so is a clearing."""
        redemption, decision = self.redemption, self.decision
        return "|".join(
            map(
                str,
                (
                    decision.outcome,
                    self.state_given,
                    redemption.allocated.normalize(),
                    redemption.redeemed.normalize(),
                    redemption.problem,
                    decision.is_listed,
                    self.is_twin,
                    self.is_outside,
                ),
            )
        )

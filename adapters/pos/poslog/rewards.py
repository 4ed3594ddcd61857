"""Loyalty rewards: money that a till takes off after a line's amount, in lines of their own."""

from decimal import Decimal

from msgspec import Struct

from adapters.pos.poslog.elements import child_text, flag, number, objects
from adapters.xml import Tree
from adapters.xml_outline import local_name
from contracts.canonical import Reference

_ZERO = Decimal(0)


class Reward(Struct, frozen=True, kw_only=True):
    """One reward for one line. `amount` is money (negative: taken off) where `is_money`, else a count."""

    amount: Decimal
    is_money: bool
    promotion: str


Rewards = dict[str, list[Reward]]


def read_rewards(retail: Tree, pointer: str) -> Rewards:
    """Return the rewards by the operator sequence of the line that they are for.

    Those for no line (sequence 0) only repeat the sum of the others, or print a message, and are left out.
    Raises: Unmapped for an amount that is no number.
    """
    found: Rewards = {}
    for where, element in objects(retail, "LineItem"):
        for place, reward in objects(element, "LoyaltyReward"):
            sequence = child_text(reward, "OperatorSequenceReference")
            amount = number(reward, "ExtendedRewardAmount", pointer + where + place) or _ZERO
            # a void either marks the reward where it stands, or is a second one that gives the money back
            is_taken = not (flag(element, "VoidFlag") and amount < 0)
            if sequence.strip("0") and is_taken:
                found.setdefault(sequence, []).append(_reward(reward, amount))
    return found


def taken_off(rewards: list[Reward]) -> Decimal:
    """Return the money that the rewards take off, positive."""
    return -sum((reward.amount for reward in rewards if reward.is_money), _ZERO)


def promotions(rewards: list[Reward]) -> tuple[Reference, ...]:
    """Return the promotions that gave money."""
    names = {reward.promotion: None for reward in rewards if reward.is_money and reward.amount}
    return tuple(Reference(kind="promotion", id=name) for name in names if name.strip("0"))


def _reward(element: Tree, amount: Decimal) -> Reward:
    category = local_name(child_text(element, "RewardCategory")).lower()
    return Reward(
        amount=amount,
        is_money=category in {"", "monetary"},  # a custom offer says 1 and means one offer
        promotion=child_text(element, "PromotionID"),
    )

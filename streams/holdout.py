"""The holdout: customers who are never stepped in for, so that whole conversations can be compared."""

from streams import ids
from streams.config import Config


def in_holdout(tenant: str, customer_id: str | None, conversation_id: str, config: Config) -> bool:
    """Whether the lottery over customers says so; who is unknown is drawn by conversation."""
    who = ids.key("customer", customer_id) if customer_id is not None else ids.key("conversation", conversation_id)
    return ids.lottery(ids.key("holdout", tenant, who), config.decision.salt) < config.decision.holdout_share

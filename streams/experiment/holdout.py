"""The holdout: customers who never get an intervention, drawn at random and permanently.

It measures Tenor's effect on whole conversations, which a control drawn at each decision cannot.

Membership is computed each time: by customer id, or by conversation id while the customer is unknown. So a conversation
may change sides when its customer becomes known. Nothing in the conversation influences either draw; analysed by the
side at its end, such conversations can only make a difference smaller.
"""

from streams import ids
from streams.config.model import Config


def is_in_holdout(tenant: str, customer_id: str | None, conversation_id: str, config: Config) -> bool:
    """Whether a customer is in the holdout. Another salt gives another draw; a larger share keeps the members."""
    whose = ("conversation", conversation_id) if customer_id is None else ("customer", customer_id)
    return ids.lottery(ids.key("holdout", tenant, *whose), config.decision.salt) < config.decision.holdout_share

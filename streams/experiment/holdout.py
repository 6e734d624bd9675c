"""The holdout: customers who are never stepped in for, drawn once and for all.

It measures what Tenor does to a customer's whole conversations, which a control drawn at each decision cannot.

Who is in it is looked up anew each time: of a customer by the customer's id, of who is unknown by the conversation's.
So a conversation whose customer becomes known on the way may change sides. Each side remains a draw that nothing in
the conversation influences; analysed by the side at its end, such conversations can only make a difference smaller.
"""

from streams import ids
from streams.config.model import Config


def is_in_holdout(tenant: str, customer_id: str | None, conversation_id: str, config: Config) -> bool:
    """Whether to leave this customer alone. Another salt or share is another draw; a larger share keeps who was in."""
    whose = ("conversation", conversation_id) if customer_id is None else ("customer", customer_id)
    return ids.lottery(ids.key("holdout", tenant, *whose), config.decision.salt) < config.decision.holdout_share

"""The cluster's nodes: killed, restarted, paused."""

import signal

from tests.faults.case import case
from tests.faults.field import Field

PAUSED_S = 30.0


@case("a broker killed and back", 3, smoke=True)
def broker_killed(field: Field) -> None:
    nodes = list(field.cluster.nodes.values())
    for node in field.random.sample(nodes, len(field.times(2, short=1))):
        field.note("SIGKILL broker")
        node.kill()
        field.sleep(12.0)
        back(field)


@case("the controller killed and back", 3)
def controller_killed(field: Field) -> None:
    for _ in range(2):
        field.note("SIGKILL controller")
        field.cluster.controller().kill()
        field.sleep(12.0)
        back(field)


@case("all brokers restarted, one by one", 3)
def brokers_restarted(field: Field) -> None:
    for node in field.cluster.nodes.values():
        field.note("SIGTERM broker")
        node.stop()
        back(field)


@case("all brokers killed at once and back", 3)
def brokers_killed(field: Field) -> None:
    field.note("SIGKILL all brokers")
    for node in field.cluster.nodes.values():
        node.kill()
    field.sleep(5.0)
    back(field)


@case("a broker paused", 3)
def broker_paused(field: Field) -> None:
    node = field.random.choice(list(field.cluster.nodes.values()))
    field.note(f"SIGSTOP broker {PAUSED_S:g} s")
    node.send(signal.SIGSTOP)
    field.sleep(PAUSED_S)
    back(field)


def back(field: Field) -> None:
    """The cluster is whole again."""
    field.cluster.mend()
    field.ended()

"""A network for each machine of a trial, so that it can be cut off: namespaces, as root."""

import subprocess
from typing import Final

from deploy.cluster.settings import ClusterSettings, Node

FAR: Final = "10.213.77."
"""Where machines with networks of their own have their addresses; ends in a dot."""


def is_apart(settings: ClusterSettings) -> bool:
    """Whether the nodes of a trial have networks of their own."""
    return not any(node.address.is_loopback for node in settings.nodes)


def lay(settings: ClusterSettings) -> None:
    """One switch, and a cable to each machine; what is there already stays."""
    switch = f"{settings.name}0"
    if not _exists(switch):
        _ip("link", "add", switch, "type", "bridge")
        _ip("address", "add", f"{FAR}1/24", "dev", switch)
        _ip("link", "set", switch, "up")
    for node in settings.nodes:
        space = space_of(settings, node)
        if not _exists(space):
            _ip("netns", "add", space)
            _ip("link", "add", space, "type", "veth", "peer", "name", "eth0", "netns", space)
            _ip("link", "set", space, "master", switch, "up")
            _ip("-n", space, "address", "add", f"{node.address}/24", "dev", "eth0")
            _ip("-n", space, "link", "set", "eth0", "up")
            _ip("-n", space, "link", "set", "lo", "up")


def take_down(settings: ClusterSettings) -> None:
    """Remove the networks."""
    for node in settings.nodes:
        if _exists(space_of(settings, node)):
            _ip("netns", "delete", space_of(settings, node))
    if _exists(f"{settings.name}0"):
        _ip("link", "delete", f"{settings.name}0")


def space_of(settings: ClusterSettings, node: Node) -> str:
    """The name of a node's namespace, and of its cable at the switch."""
    return f"{settings.name}-{node.name}"


def plug(settings: ClusterSettings, node: Node, *, into: bool) -> None:
    """Plug a machine's cable in, or pull it."""
    _ip("link", "set", space_of(settings, node), "up" if into else "down")


def _exists(link: str) -> bool:
    done = subprocess.run(["ip", "link", "show", link], capture_output=True, check=False)
    return done.returncode == 0


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)

"""The far end of every provider's wire, by the provider's name: `WIRE` in `bridge.carriers.wires.NAME`."""

from collections.abc import Collection, Mapping
from importlib import import_module
from types import MappingProxyType

from bridge.carriers.base import CarrierWire
from bridge.carriers.faults import Fault
from protocols.registry import PROVIDERS

__all__ = ["WIRES", "far_end", "is_applicable"]


def _wire(name: str) -> type[CarrierWire]:
    wire: type[CarrierWire] = import_module(f"bridge.carriers.wires.{name}").WIRE
    return wire


WIRES: Mapping[str, type[CarrierWire]] = MappingProxyType({name: _wire(name) for name in PROVIDERS})


def is_applicable(fault: Fault, provider: str) -> bool:
    """Whether this far end can do that at all: A-law is spoken only where the wire can announce it."""
    return fault is not Fault.ALAW or WIRES[provider].in_alaw() is not None


def far_end(provider: str, faults: Collection[Fault] = ()) -> CarrierWire:
    """A new far end for one call.

    Raises:
        ValueError: one of the faults is not applicable to it.

    """
    wire = WIRES[provider].in_alaw() if Fault.ALAW in faults else WIRES[provider]()
    if wire is None:
        raise ValueError(f"{Fault.ALAW} is not applicable to {provider}: its wire cannot announce A-law")
    return wire

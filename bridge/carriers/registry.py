"""The far end of every provider's wire, by the provider's name: `WIRE` in `bridge.carriers.wires.NAME`."""

from collections.abc import Callable, Mapping
from importlib import import_module
from types import MappingProxyType

from bridge.carriers.base import CarrierWire
from protocols.registry import PROVIDERS

__all__ = ["WIRES"]


def _wire(name: str) -> Callable[[], CarrierWire]:
    wire: Callable[[], CarrierWire] = import_module(f"bridge.carriers.wires.{name}").WIRE
    return wire


WIRES: Mapping[str, Callable[[], CarrierWire]] = MappingProxyType({name: _wire(name) for name in PROVIDERS})

"""Faults on demand: what networks, edges, busy orgs and other people do to a client, scripted or by seeded chance."""

from sfsync.emulator.faults.catalogue import CATALOGUE, NAMES, catalogue_text
from sfsync.emulator.faults.options import FaultError
from sfsync.emulator.faults.plan import Fault, Faults

__all__ = ["CATALOGUE", "NAMES", "Fault", "FaultError", "Faults", "catalogue_text"]

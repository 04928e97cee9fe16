"""May this call start? Answered before the call is, so that a running call never pays for a new one."""

from bridge.admission.decisions import Accept, Busy, BusyReason
from bridge.admission.gates import Admission, Seat
from bridge.admission.rules import Rules, Share
from bridge.admission.shedding import Thresholds, Vitals

__all__ = ["Accept", "Admission", "Busy", "BusyReason", "Rules", "Seat", "Share", "Thresholds", "Vitals"]

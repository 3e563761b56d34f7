"""Rate limits decided by a RateGuard service: clients, and what the middleware shares."""

from ._client import AsyncRateGuard, RateGuard, Stats
from ._decision import FAILURES, Decision
from ._headers import limit_headers
from ._options import OptionError
from .keys import RequestView, by_address, by_api_key, by_header

__all__ = ["FAILURES", "AsyncRateGuard", "Decision", "OptionError", "RateGuard", "RequestView", "Stats", "by_address", "by_api_key", "by_header", "limit_headers"]
__version__ = "0.1.0"

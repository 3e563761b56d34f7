"""A limit to ask and for whom, in the form in which transports take it."""

from __future__ import annotations

from typing import Any, Mapping, NamedTuple, Optional, Sequence, Union

from ._limit import Limit


class Question(NamedTuple):
    """At most one of `rule` and `limit`; `facts` without both."""

    key: Union[str, Sequence[str], None] = None
    rule: Optional[str] = None
    limit: Optional[Limit] = None
    facts: Optional[Mapping[str, Any]] = None
    plan: Optional[str] = None
    cost: int = 1

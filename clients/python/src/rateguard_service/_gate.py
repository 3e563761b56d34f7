"""What every middleware does with a request, whatever framework it came through."""

from __future__ import annotations

import re
from typing import Any, Callable, Dict, Iterable, Mapping, NamedTuple, Optional, Union

from ._address import counted_by
from ._client import AsyncRateGuard, RateGuard
from ._decision import Decision, missing_identity
from ._headers import HEADER_STYLES, Fields, limit_headers, problem_body, refusal_status
from ._limit import Limit, window_seconds
from ._options import OptionError, one_of, optional_callable, positive
from ._question import Question
from .keys import AddressFinder, KeyFunction, RequestView

_NAME = re.compile(r"[\x20-\x7e]{1,64}")


class Verdict(NamedTuple):
    """What to do with a request. `status` and `body` are those of a refusal."""

    decision: Decision
    fields: Fields
    status: int = 200
    body: bytes = b""

    @property
    def allowed(self) -> bool:
        return self.decision.allowed


class Gate:
    """The options of a call site. At most one of `rule` and `limit`; without both, every configured rule that matches is asked.

    rule: a configured rule by its name, for whom `key` names.
    limit: a limit of this call site's own: "100/m", "100/10s burst 20", or the parameters of POST /check (transport `http`).
    key: whom a rule or a limit counts by: a function of a RequestView; by the caller's address where absent.
    plan: a function of a RequestView: the caller's plan, for rules by plan.
    facts: a function of a RequestView: user, workspace, plan, api_key beyond what the request itself shows; without rule and limit.
    cost: units that a request takes: a number, or a function of a RequestView.
    skip: a function of a RequestView: requests that are not counted.
    trusted_proxies, ipv6_prefix: for the caller's address.
    headers: "ietf", "legacy", "both" or "off".
    name: of `limit` in header fields and refusals; also the beginning of its keys, so that two limits are two counters.
    on_failure, deadline_ms: the client's where absent.
    """

    def __init__(
        self,
        client: Union[RateGuard, AsyncRateGuard],
        *,
        rule: Optional[str] = None,
        limit: Optional[Limit] = None,
        key: Optional[KeyFunction] = None,
        plan: Optional[Callable[[RequestView], Optional[str]]] = None,
        facts: Optional[Callable[[RequestView], Mapping[str, Any]]] = None,
        cost: Union[int, Callable[[RequestView], int]] = 1,
        skip: Optional[Callable[[RequestView], bool]] = None,
        trusted_proxies: Iterable[str] = (),
        ipv6_prefix: int = 64,
        headers: str = "ietf",
        name: Optional[str] = None,
        on_failure: Optional[str] = None,
        deadline_ms: Optional[float] = None,
    ) -> None:
        if not isinstance(client, (RateGuard, AsyncRateGuard)):
            raise OptionError("client", client, "a RateGuard or an AsyncRateGuard")
        for option, value in (("key", key), ("plan", plan), ("facts", facts), ("skip", skip)):
            optional_callable(option, value)
        if rule is not None and (not isinstance(rule, str) or not rule):
            raise OptionError("rule", rule, "the name of a rule")
        if rule is not None and limit is not None:
            raise OptionError("limit", limit, "nothing beside the option 'rule'")
        self._by_facts = rule is None and limit is None
        if facts is not None and not self._by_facts:
            raise OptionError("facts", facts, "nothing beside the options 'rule' and 'limit'")
        if key is not None and self._by_facts:
            raise OptionError("key", key, "nothing without the option 'rule' or 'limit': the matching rules say whom they count by")
        if name is not None and (not isinstance(name, str) or not _NAME.fullmatch(name)):
            raise OptionError("name", name, "1 to 64 ASCII characters")
        if not callable(cost) and type(cost) is not int:
            raise OptionError("cost", cost, "a whole number or a callable")
        client.validate(Question(rule=rule, limit=limit, facts={} if self._by_facts else None))
        self.client = client
        self._rule, self._limit, self._key, self._plan, self._facts, self._cost, self._skip = rule, limit, key, plan, facts, cost, skip
        self._finder = AddressFinder(trusted_proxies, ipv6_prefix)
        self._style = one_of("headers", headers, HEADER_STYLES)
        self._name = name or "ad_hoc"
        self._prefix = f"{name}:" if limit is not None and name is not None else ""
        self._window_seconds = window_seconds(limit)
        self._on_failure = None if on_failure is None else one_of("on_failure", on_failure, ("open", "closed"))
        self._deadline_ms = None if deadline_ms is None else positive("deadline_ms", deadline_ms)

    def decide(self, view: RequestView) -> Optional[Verdict]:
        """Never raises; needs a RateGuard. None: the request is not counted."""
        question = self._question(view)
        if isinstance(question, Question):
            return self._verdict(self.client.ask(question, self._deadline_ms, self._on_failure))  # type: ignore[arg-type]
        return None if question is None else self._verdict(question)

    async def decide_async(self, view: RequestView) -> Optional[Verdict]:
        """The same with an AsyncRateGuard."""
        question = self._question(view)
        if isinstance(question, Question):
            return self._verdict(await self.client.ask(question, self._deadline_ms, self._on_failure))  # type: ignore[misc]
        return None if question is None else self._verdict(question)

    def _verdict(self, decision: Decision) -> Verdict:
        fields = limit_headers(decision, self._style, self._name, self._window_seconds)
        if decision.allowed:
            return Verdict(decision, fields)
        status = refusal_status(decision)
        return Verdict(decision, fields, status, problem_body(decision, status, self._name))

    def _question(self, view: RequestView) -> Union[Question, Decision, None]:
        """What to ask, or the decision that needs no asking, or None for a request that is not counted."""
        try:
            if self._skip is not None and self._skip(view):
                return None
            return self._question_of(view)
        except Exception as error:
            return self.client.fail("caller", f"a function of the middleware's options failed: {error!r}", self._on_failure)

    def _question_of(self, view: RequestView) -> Union[Question, Decision]:
        cost = self._cost(view) if callable(self._cost) else self._cost
        if type(cost) is not int:
            raise TypeError(f"cost {cost!r} is no whole number")
        if self._by_facts:
            return Question(facts=self._known_facts(view), cost=cost)
        key = self._key(view) if self._key is not None else self._address(view)
        if not key:
            return self.client.counted(missing_identity("key"))
        plan = self._plan(view) if self._plan is not None else None
        if self._prefix:
            key = self._prefix + (key if isinstance(key, str) else ",".join(key))
        return Question(key, self._rule, self._limit, plan=plan, cost=cost)

    def _address(self, view: RequestView) -> Optional[str]:
        address = self._finder.find(view)
        return None if address is None else counted_by(address, self._finder.ipv6_prefix)

    def _known_facts(self, view: RequestView) -> Dict[str, Any]:
        # Read here already: the service must not believe them once more.
        headers = {name: value for name, value in view.all().items() if name not in ("x-forwarded-for", "forwarded")}
        known: Dict[str, Any] = {"method": view.method, "path": view.path, "headers": headers}
        address = self._finder.find(view)
        if view.host:
            known["host"] = view.host
        if address is not None:
            known["ip"] = counted_by(address, 128)
        if self._facts is not None:
            known.update(self._facts(view))
        return known

// Which request a proxy holds, by the header fields that it sends to /v1/authz.
#pragma once

#include <optional>
#include <span>

#include "model/request_facts.h"
#include "rules/rule.h"
#include "server/http/problem.h"

namespace rateguard::http_api {

// Fills in method, path and host. Only one of the two families of fields is read (X-Forwarded-Method, -Uri, -Host;
// X-Original-Method, -URI or -URL, and Host): a client can send the fields of the family that its proxy does not
// use, and most proxies pass them on. A missing or contradictory field is a problem that names the field and what
// to configure: without it the rules that name a method or a host would silently be skipped. `rules` are those in
// force.
std::optional<Problem> read_forwarded_request(std::span<const Header> headers, std::span<const rules::Rule> rules,
                                              RequestFacts& facts);

}  // namespace rateguard::http_api

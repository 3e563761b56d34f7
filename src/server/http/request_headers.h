// The header fields of a request that the API itself reads, found in one pass.
#pragma once

#include <span>
#include <string_view>

#include "model/request_facts.h"

namespace rateguard::http_api {

// Of a field that came several times, the first one.
struct RequestHeaders {
  std::string_view content_type = {};
  std::string_view authorization = {};
  std::string_view token = {};       // X-RateGuard-Token: for callers whose Authorization is for another server
  std::string_view request_id = {};  // X-Request-Id, the first that may be repeated
  // Authorization or X-RateGuard-Token, if it was sent twice: then neither counts (RFC 9110, section 5.3).
  std::string_view repeated = {};
  bool forwarded = false;  // Forwarded or X-Forwarded-For: a proxy is in between
  bool origin = false;     // Origin: a browser's page sent this
};

RequestHeaders scan_headers(std::span<const Header> headers);

// Whether the body may be read as JSON: its Content-Type is application/json, with or without parameters, or missing.
// application/x-www-form-urlencoded, which `curl -d` sends by default, counts as missing. A page in a browser must send
// application/json (and is then stopped by the browser's preflight), or any page could charge counters of a service on
// loopback.
bool takes_json(const RequestHeaders& headers);

// Whether an id may go into a log line and a response: 1 to 128 characters, letters, digits and -_.:/+=@ only.
bool is_sane_request_id(std::string_view id);

}  // namespace rateguard::http_api

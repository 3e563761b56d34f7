// The header fields of a request that the API itself reads, found in one pass.
#pragma once

#include <span>
#include <string_view>

#include "model/request_facts.h"

namespace rateguard::http_api {

struct RequestHeaders {
  std::string_view content_type = {};
  std::string_view authorization = {};
  std::string_view token = {};       // X-RateGuard-Token: for callers whose Authorization is somebody else's
  std::string_view request_id = {};  // X-Request-Id, where it is one that may be repeated
  // Authorization or X-RateGuard-Token where it came twice: one of two does not count (RFC 9110, section 5.3).
  std::string_view repeated = {};
  bool forwarded = false;  // Forwarded or X-Forwarded-For: somebody stands between
  bool origin = false;     // Origin: a browser's page sent this
};

RequestHeaders scan_headers(std::span<const Header> headers);

// Whether the body may be read as JSON: it is called application/json, with or without parameters, or nobody called it
// anything. application/x-www-form-urlencoded is what `curl -d` says when nobody did, and counts as unsaid. A page in a
// browser must say it (and is then held up by the browser's preflight), or any page could charge counters of a service
// on loopback.
bool takes_json(const RequestHeaders& headers);

// An id that may go into a log line and a response: 1 to 128 characters, letters, digits and -_.:/+=@ only.
bool is_sane_request_id(std::string_view id);

}  // namespace rateguard::http_api

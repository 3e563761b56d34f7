// The table of routes: what there is, who may call it, and who answers.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "server/http/access.h"
#include "server/http/call.h"
#include "server/http/route_source.h"

namespace rateguard::http_api {

enum class BodyKind : uint8_t { kNone, kJson };  // kNone: whatever comes is not looked at

enum class Asks : uint8_t { kNothing, kStore };  // kStore: the answer may have to wait for it

struct Route {
  std::string_view method;   // "*": any
  std::string_view pattern;  // "{x}" is a segment, "{x...}" at the end the rest of the path, of a segment or more
  Access access;
  BodyKind body;
  Asks asks;
  void (*answer)(Call& call);
};

// The order is that of docs/openapi.yaml; tests hold the two and docs/http.md together.
std::span<const Route> routes();

// What became of the path of a request.
struct Routed {
  const Route* route = nullptr;  // none: no route, or none with that method
  bool path_known = false;
  Call::Captured captured = {};
};
// HEAD goes wherever GET does (RFC 9110, section 9.3.2).
Routed find_route(std::string_view method, std::string_view path);

// The value of Allow for a known path: "GET, HEAD, OPTIONS".
std::string allowed_methods(std::string_view path);

// Places in the metrics: a route's is its place in routes(); then requests without a route, and what the session
// refused.
size_t unmatched_place();
size_t rejected_place();
// REQUIRES: `index` is one of them.
RouteLabel route_label(size_t index);
std::vector<RouteLabel> route_labels();

// The answers, by family; each in the file of its family.
namespace answers {
void check(Call& call);           // check_routes.cc
void check_batch(Call& call);     // batch_routes.cc
void release(Call& call);         // release_routes.cc
void get_counter(Call& call);     // counter_routes.cc
void delete_counter(Call& call);  // counter_routes.cc
void authz(Call& call);           // authz_routes.cc
void authz_path(Call& call);      // authz_routes.cc
void list_rules(Call& call);      // rules_routes.cc
void reload(Call& call);          // rules_routes.cc
void list_instances(Call& call);  // instances_routes.cc
void envoy_json(Call& call);      // envoy_routes.cc
void healthcheck(Call& call);     // envoy_routes.cc
void health(Call& call);          // status_routes.cc
void ready(Call& call);           // status_routes.cc
void metrics(Call& call);         // status_routes.cc
void version(Call& call);         // status_routes.cc
void welcome(Call& call);         // status_routes.cc
}  // namespace answers

}  // namespace rateguard::http_api

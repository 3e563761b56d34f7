// The table of routes: paths, who may call them, and which function answers.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "server/http/access.h"
#include "server/http/call.h"
#include "server/http/route_source.h"

namespace rateguard::http_api {

enum class BodyKind : uint8_t { kNone, kJson };  // kNone: any body is ignored

enum class Asks : uint8_t {
  kNothing,
  kStore,  // the answer may have to wait for the store
  kFiles,  // the answer waits for files
};

struct Route {
  std::string_view method;   // "*": any
  std::string_view pattern;  // "{x}" is a segment, "{x...}" at the end the rest of the path, of a segment or more
  Access access;
  BodyKind body;
  Asks asks;
  void (*answer)(ApiCall& call);
};

// In the order of docs/openapi.yaml; tests compare the table with that and docs/http.md.
std::span<const Route> routes();

// The route of a request's path.
struct RouteMatch {
  const Route* route = nullptr;  // null: no route, or none with that method
  bool path_known = false;
  ApiCall::Captured captured = {};
};
// HEAD is allowed wherever GET is (RFC 9110, section 9.3.2).
RouteMatch find_route(std::string_view method, std::string_view path);

// The value of Allow for a known path: "GET, HEAD, OPTIONS".
std::string allowed_methods(std::string_view path);

// Indices in the metrics: a route has its index in routes(); then come requests without a route, and what the session
// refused.
size_t unmatched_route_index();
size_t rejected_route_index();
// REQUIRES: `index` is one of them.
RouteLabel route_label(size_t index);
std::vector<RouteLabel> route_labels();

// The functions that answer, by family; each family has a file.
namespace answers {
void check(ApiCall& call);           // check_routes.cc
void check_batch(ApiCall& call);     // batch_routes.cc
void release(ApiCall& call);         // release_routes.cc
void settle(ApiCall& call);          // settle_routes.cc
void verify(ApiCall& call);          // verify_routes.cc
void get_counter(ApiCall& call);     // counter_routes.cc
void delete_counter(ApiCall& call);  // counter_routes.cc
void authz(ApiCall& call);           // authz_routes.cc
void authz_path(ApiCall& call);      // authz_routes.cc
void list_rules(ApiCall& call);      // rules_routes.cc
void reload(ApiCall& call);          // rules_routes.cc
void list_instances(ApiCall& call);  // instances_routes.cc
void envoy_json(ApiCall& call);      // envoy_routes.cc
void healthcheck(ApiCall& call);     // envoy_routes.cc
void health(ApiCall& call);          // status_routes.cc
void ready(ApiCall& call);           // status_routes.cc
void metrics(ApiCall& call);         // status_routes.cc
void version(ApiCall& call);         // status_routes.cc
void welcome(ApiCall& call);         // status_routes.cc
}  // namespace answers

}  // namespace rateguard::http_api

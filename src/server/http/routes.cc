#include "server/http/routes.h"

#include <algorithm>

namespace rateguard::http_api {
namespace {

constexpr Route kRoutes[] = {
    {"POST", "/check", Access::kToken, BodyKind::kJson, Asks::kStore, answers::check},
    {"POST", "/v1/check/batch", Access::kToken, BodyKind::kJson, Asks::kStore, answers::check_batch},
    {"POST", "/v1/release", Access::kToken, BodyKind::kJson, Asks::kStore, answers::release},
    {"POST", "/v1/settle", Access::kToken, BodyKind::kJson, Asks::kStore, answers::settle},
    {"POST", "/v1/verify", Access::kToken, BodyKind::kJson, Asks::kStore, answers::verify},
    {"GET", "/v1/authz", Access::kToken, BodyKind::kNone, Asks::kStore, answers::authz},
    {"POST", "/v1/authz", Access::kToken, BodyKind::kNone, Asks::kStore, answers::authz},
    {"*", "/v1/authz/{path...}", Access::kToken, BodyKind::kNone, Asks::kStore, answers::authz_path},
    {"GET", "/v1/counters/{rule}", Access::kToken, BodyKind::kNone, Asks::kStore, answers::get_counter},
    {"DELETE", "/v1/counters/{rule}", Access::kAdmin, BodyKind::kNone, Asks::kStore, answers::delete_counter},
    {"GET", "/v1/counters/{rule}/{key...}", Access::kToken, BodyKind::kNone, Asks::kStore, answers::get_counter},
    {"DELETE", "/v1/counters/{rule}/{key...}", Access::kAdmin, BodyKind::kNone, Asks::kStore, answers::delete_counter},
    {"GET", "/v1/rules", Access::kToken, BodyKind::kNone, Asks::kNothing, answers::list_rules},
    {"POST", "/v1/reload", Access::kAdmin, BodyKind::kNone, Asks::kFiles, answers::reload},
    {"GET", "/v1/instances", Access::kToken, BodyKind::kNone, Asks::kNothing, answers::list_instances},
    {"POST", "/json", Access::kToken, BodyKind::kJson, Asks::kStore, answers::envoy_json},
    {"GET", "/healthcheck", Access::kAny, BodyKind::kNone, Asks::kNothing, answers::healthcheck},
    {"GET", "/health", Access::kAny, BodyKind::kNone, Asks::kNothing, answers::health},
    {"GET", "/ready", Access::kAny, BodyKind::kNone, Asks::kNothing, answers::ready},
    {"GET", "/metrics", Access::kToken, BodyKind::kNone, Asks::kNothing, answers::metrics},
    {"GET", "/version", Access::kToken, BodyKind::kNone, Asks::kNothing, answers::version},
    {"GET", "/", Access::kAny, BodyKind::kNone, Asks::kNothing, answers::welcome},
};
static_assert(std::size(kRoutes) + 2 <= kRoutesMax);

// The next segment of a path without its slash, taken off `path`. REQUIRES: path begins with '/'.
std::string_view take_segment(std::string_view& path) {
  const size_t end = std::min(path.find('/', 1), path.size());
  const std::string_view segment = path.substr(1, end - 1);
  path.remove_prefix(end);
  return segment;
}

bool matches(std::string_view pattern, std::string_view path, ApiCall::Captured& captured) {
  captured = {};
  while (!pattern.empty()) {
    if (path.empty() || path[0] != '/') return false;
    const std::string_view wanted = take_segment(pattern);
    if (wanted.ends_with("...}")) {
      captured.rest = path.substr(1);
      return true;
    }
    const std::string_view segment = take_segment(path);
    if (wanted.starts_with('{')) {
      if (segment.empty()) return false;
      captured.first = segment;
    } else if (segment != wanted) {
      return false;
    }
  }
  return path.empty();
}

bool serves(const Route& route, std::string_view method) {
  return route.method == method || route.method == "*" || (route.method == "GET" && method == "HEAD");
}

}  // namespace

std::span<const Route> routes() {
  return kRoutes;
}

RouteMatch find_route(std::string_view method, std::string_view path) {
  RouteMatch routed;
  for (const Route& route : kRoutes) {
    ApiCall::Captured captured;
    if (!matches(route.pattern, path, captured)) continue;
    routed.path_known = true;
    if (!serves(route, method)) continue;
    routed.route = &route;
    routed.captured = captured;
    return routed;
  }
  return routed;
}

std::string allowed_methods(std::string_view path) {
  std::string out;
  ApiCall::Captured captured;
  for (const Route& route : kRoutes) {
    if (!matches(route.pattern, path, captured)) continue;
    out += route.method;
    out += route.method == "GET" ? ", HEAD, " : ", ";
  }
  return out + "OPTIONS";
}

size_t unmatched_route_index() {
  return std::size(kRoutes);
}
size_t rejected_route_index() {
  return std::size(kRoutes) + 1;
}

RouteLabel route_label(size_t index) {
  if (index < std::size(kRoutes)) return {.method = kRoutes[index].method, .route = kRoutes[index].pattern};
  return {.method = "", .route = index == unmatched_route_index() ? "unmatched" : "rejected"};
}

std::vector<RouteLabel> route_labels() {
  std::vector<RouteLabel> labels;
  for (size_t index = 0; index <= rejected_route_index(); ++index) labels.push_back(route_label(index));
  return labels;
}

}  // namespace rateguard::http_api

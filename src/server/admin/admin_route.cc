#include "server/admin/admin_route.h"

#include <algorithm>
#include <iterator>

#include "model/percent.h"

namespace rateguard::admin {
namespace {

using enum catalog::RecordKind;
namespace to = admin_answers;

constexpr auto kAnyone = Admits::kAnyone;
constexpr auto kReaders = Admits::kReaders;
constexpr auto kBilling = Admits::kBilling;
constexpr auto kManagers = Admits::kManagers;
constexpr auto kOwners = Admits::kOwners;
constexpr auto kOfWorkspace = Reach::kWorkspace;
constexpr auto kOfAll = Reach::kInstallation;
constexpr auto kShared = Reach::kShared;
constexpr auto kNoBody = AdminBody::kNone;
constexpr auto kObject = AdminBody::kObject;
constexpr auto kOptional = AdminBody::kOptional;
constexpr auto kNoQuery = AdminQuery::kNone;
constexpr auto kPage = AdminQuery::kPage;

constexpr AdminRoute kRoutes[] = {
    {"POST", "/v1/setup", kAnyone, kShared, kObject, kNoQuery, std::nullopt, to::set_up},
    {"POST", "/v1/session", kAnyone, kShared, kObject, kNoQuery, std::nullopt, to::sign_in},
    {"GET", "/v1/session", kReaders, kShared, kNoBody, kNoQuery, std::nullopt, to::get_session},
    {"DELETE", "/v1/session", kReaders, kShared, kNoBody, kNoQuery, std::nullopt, to::sign_out},
    {"POST", "/v1/session/password", kReaders, kShared, kObject, kNoQuery, std::nullopt, to::change_password},

    {"GET", "/v1/workspaces", kReaders, kOfWorkspace, kNoBody, kPage, kWorkspace, to::list_records},
    {"POST", "/v1/workspaces", kManagers, kOfAll, kObject, kNoQuery, kWorkspace, to::create_record},
    {"GET", "/v1/workspaces/{id}", kReaders, kOfWorkspace, kNoBody, kNoQuery, kWorkspace, to::get_record},
    {"PATCH", "/v1/workspaces/{id}", kManagers, kOfAll, kObject, kNoQuery, kWorkspace, to::update_record},
    {"DELETE", "/v1/workspaces/{id}", kManagers, kOfAll, kNoBody, kNoQuery, kWorkspace, to::remove_record},
    {"GET", "/v1/workspaces/{id}/limits", kReaders, kOfWorkspace, kNoBody, kNoQuery, kWorkspace, to::list_limits},
    {"PUT", "/v1/workspaces/{id}/limits/{rule}", kManagers, kOfAll, kObject, kNoQuery, kWorkspace, to::set_limit},
    {"DELETE", "/v1/workspaces/{id}/limits/{rule}", kManagers, kOfAll, kNoBody, kNoQuery, kWorkspace, to::remove_limit},

    {"GET", "/v1/plans", kReaders, kShared, kNoBody, kPage, kPlan, to::list_records},
    {"POST", "/v1/plans", kManagers, kOfAll, kObject, kNoQuery, kPlan, to::create_record},
    {"GET", "/v1/plans/{id}", kReaders, kShared, kNoBody, kNoQuery, kPlan, to::get_record},
    {"PATCH", "/v1/plans/{id}", kManagers, kOfAll, kObject, kNoQuery, kPlan, to::update_record},
    {"DELETE", "/v1/plans/{id}", kManagers, kOfAll, kNoBody, kNoQuery, kPlan, to::remove_record},
    {"GET", "/v1/plans/{id}/limits", kReaders, kShared, kNoBody, kNoQuery, kPlan, to::list_limits},
    {"PUT", "/v1/plans/{id}/limits/{rule}", kManagers, kOfAll, kObject, kNoQuery, kPlan, to::set_limit},
    {"DELETE", "/v1/plans/{id}/limits/{rule}", kManagers, kOfAll, kNoBody, kNoQuery, kPlan, to::remove_limit},

    {"GET", "/v1/keys", kReaders, kOfWorkspace, kNoBody, kPage, kApiKey, to::list_records},
    {"POST", "/v1/keys", kManagers, kOfWorkspace, kObject, kNoQuery, kApiKey, to::create_record},
    {"GET", "/v1/keys/{id}", kReaders, kOfWorkspace, kNoBody, kNoQuery, kApiKey, to::get_record},
    {"PATCH", "/v1/keys/{id}", kManagers, kOfWorkspace, kObject, kNoQuery, kApiKey, to::update_record},
    {"DELETE", "/v1/keys/{id}", kManagers, kOfWorkspace, kNoBody, kNoQuery, kApiKey, to::remove_record},
    {"POST", "/v1/keys/{id}/rotate", kManagers, kOfWorkspace, kOptional, kNoQuery, kApiKey, to::rotate_key},
    {"POST", "/v1/keys/{id}/revoke", kManagers, kOfWorkspace, kNoBody, kNoQuery, kApiKey, to::revoke_key},
    {"GET", "/v1/keys/{id}/usage", kReaders, kOfWorkspace, kNoBody, kNoQuery, kApiKey, to::get_key_usage},
    {"GET", "/v1/keys/{id}/effective-rules", kReaders, kOfWorkspace, kNoBody, kNoQuery, kApiKey,
     to::get_effective_rules},
    {"GET", "/v1/keys/{id}/propagation", kReaders, kOfWorkspace, kNoBody, kNoQuery, kApiKey, to::get_propagation},
    {"GET", "/v1/keys/{id}/limits", kReaders, kOfWorkspace, kNoBody, kNoQuery, kApiKey, to::list_limits},
    {"PUT", "/v1/keys/{id}/limits/{rule}", kManagers, kOfAll, kObject, kNoQuery, kApiKey, to::set_limit},
    {"DELETE", "/v1/keys/{id}/limits/{rule}", kManagers, kOfAll, kNoBody, kNoQuery, kApiKey, to::remove_limit},

    {"GET", "/v1/rules", kReaders, kOfAll, kNoBody, kPage, kRule, to::list_records},
    {"POST", "/v1/rules", kManagers, kOfAll, kObject, kNoQuery, kRule, to::create_record},
    {"GET", "/v1/rules/{id}", kReaders, kOfAll, kNoBody, kNoQuery, kRule, to::get_record},
    {"PATCH", "/v1/rules/{id}", kManagers, kOfAll, kObject, kNoQuery, kRule, to::update_record},
    {"DELETE", "/v1/rules/{id}", kManagers, kOfAll, kNoBody, kNoQuery, kRule, to::remove_record},

    {"GET", "/v1/upstreams", kReaders, kOfAll, kNoBody, kPage, kUpstream, to::list_records},
    {"POST", "/v1/upstreams", kManagers, kOfAll, kObject, kNoQuery, kUpstream, to::create_record},
    {"GET", "/v1/upstreams/{id}", kReaders, kOfAll, kNoBody, kNoQuery, kUpstream, to::get_record},
    {"PATCH", "/v1/upstreams/{id}", kManagers, kOfAll, kObject, kNoQuery, kUpstream, to::update_record},
    {"DELETE", "/v1/upstreams/{id}", kManagers, kOfAll, kNoBody, kNoQuery, kUpstream, to::remove_record},

    {"GET", "/v1/routes", kReaders, kOfAll, kNoBody, kPage, kRoute, to::list_records},
    {"POST", "/v1/routes", kManagers, kOfAll, kObject, kNoQuery, kRoute, to::create_record},
    {"GET", "/v1/routes/{id}", kReaders, kOfAll, kNoBody, kNoQuery, kRoute, to::get_record},
    {"PATCH", "/v1/routes/{id}", kManagers, kOfAll, kObject, kNoQuery, kRoute, to::update_record},
    {"DELETE", "/v1/routes/{id}", kManagers, kOfAll, kNoBody, kNoQuery, kRoute, to::remove_record},

    {"GET", "/v1/prices", kReaders, kShared, kNoBody, kPage, kPrice, to::list_records},
    {"POST", "/v1/prices", kBilling, kOfAll, kObject, kNoQuery, kPrice, to::create_record},
    {"GET", "/v1/prices/{id}", kReaders, kShared, kNoBody, kNoQuery, kPrice, to::get_record},
    {"PATCH", "/v1/prices/{id}", kBilling, kOfAll, kObject, kNoQuery, kPrice, to::update_record},
    {"DELETE", "/v1/prices/{id}", kBilling, kOfAll, kNoBody, kNoQuery, kPrice, to::remove_record},

    {"GET", "/v1/budgets", kReaders, kOfWorkspace, kNoBody, kPage, kBudget, to::list_records},
    {"POST", "/v1/budgets", kBilling, kOfAll, kObject, kNoQuery, kBudget, to::create_record},
    {"GET", "/v1/budgets/{id}", kReaders, kOfWorkspace, kNoBody, kNoQuery, kBudget, to::get_record},
    {"PATCH", "/v1/budgets/{id}", kBilling, kOfAll, kObject, kNoQuery, kBudget, to::update_record},
    {"DELETE", "/v1/budgets/{id}", kBilling, kOfAll, kNoBody, kNoQuery, kBudget, to::remove_record},

    {"GET", "/v1/alert-rules", kReaders, kOfWorkspace, kNoBody, kPage, kAlertRule, to::list_records},
    {"POST", "/v1/alert-rules", kManagers, kOfAll, kObject, kNoQuery, kAlertRule, to::create_record},
    {"GET", "/v1/alert-rules/{id}", kReaders, kOfWorkspace, kNoBody, kNoQuery, kAlertRule, to::get_record},
    {"PATCH", "/v1/alert-rules/{id}", kManagers, kOfAll, kObject, kNoQuery, kAlertRule, to::update_record},
    {"DELETE", "/v1/alert-rules/{id}", kManagers, kOfAll, kNoBody, kNoQuery, kAlertRule, to::remove_record},

    {"GET", "/v1/alert-channels", kManagers, kOfAll, kNoBody, kPage, kAlertChannel, to::list_records},
    {"POST", "/v1/alert-channels", kManagers, kOfAll, kObject, kNoQuery, kAlertChannel, to::create_record},
    {"GET", "/v1/alert-channels/{id}", kManagers, kOfAll, kNoBody, kNoQuery, kAlertChannel, to::get_record},
    {"PATCH", "/v1/alert-channels/{id}", kManagers, kOfAll, kObject, kNoQuery, kAlertChannel, to::update_record},
    {"DELETE", "/v1/alert-channels/{id}", kManagers, kOfAll, kNoBody, kNoQuery, kAlertChannel, to::remove_record},

    {"GET", "/v1/members", kManagers, kOfWorkspace, kNoBody, kPage, kMember, to::list_records},
    {"POST", "/v1/members", kOwners, kOfWorkspace, kObject, kNoQuery, kMember, to::create_record},
    {"GET", "/v1/members/{id}", kManagers, kOfWorkspace, kNoBody, kNoQuery, kMember, to::get_record},
    {"PATCH", "/v1/members/{id}", kOwners, kOfWorkspace, kObject, kNoQuery, kMember, to::update_record},
    {"DELETE", "/v1/members/{id}", kOwners, kOfWorkspace, kNoBody, kNoQuery, kMember, to::remove_record},

    {"GET", "/v1/tokens", kManagers, kOfWorkspace, kNoBody, kPage, kAdminToken, to::list_records},
    {"POST", "/v1/tokens", kOwners, kOfWorkspace, kObject, kNoQuery, kAdminToken, to::create_record},
    {"GET", "/v1/tokens/{id}", kManagers, kOfWorkspace, kNoBody, kNoQuery, kAdminToken, to::get_record},
    {"PATCH", "/v1/tokens/{id}", kOwners, kOfWorkspace, kObject, kNoQuery, kAdminToken, to::update_record},
    {"DELETE", "/v1/tokens/{id}", kOwners, kOfWorkspace, kNoBody, kNoQuery, kAdminToken, to::remove_record},
    {"POST", "/v1/tokens/{id}/revoke", kOwners, kOfWorkspace, kNoBody, kNoQuery, kAdminToken, to::revoke_token},

    {"GET", "/v1/audit-log", kManagers, kOfWorkspace, kNoBody, AdminQuery::kAudit, std::nullopt, to::list_audit},
    {"GET", "/v1/system/health", kReaders, kShared, kNoBody, kNoQuery, std::nullopt, to::get_health},
    {"GET", "/v1/system/instances", kReaders, kOfAll, kNoBody, kNoQuery, std::nullopt, to::list_reporters},
};

// Takes the next segment off a path that begins with '/'.
std::string_view take_segment(std::string_view& path) {
  path.remove_prefix(1);
  const std::string_view segment = path.substr(0, path.find('/'));
  path.remove_prefix(segment.size());
  return segment;
}

// Whether a path has the pattern's form; `captured` gets what "{...}" stands for, decoded.
bool matches(std::string_view pattern, std::string_view path, std::vector<std::string>& captured) {
  captured.clear();
  while (!pattern.empty()) {
    if (path.empty() || path.front() != '/') return false;
    const std::string_view wanted = take_segment(pattern);
    const std::string_view segment = take_segment(path);
    if (!wanted.starts_with('{')) {
      if (segment != wanted) return false;
      continue;
    }
    auto text = percent_decode(segment);
    if (!text || text->empty()) return false;
    captured.push_back(*std::move(text));
  }
  return path.empty();
}

bool serves(const AdminRoute& route, std::string_view method) {
  return route.method == method || (route.method == "GET" && method == "HEAD");
}

}  // namespace

std::span<const AdminRoute> admin_routes() {
  return kRoutes;
}

AdminMatch find_admin_route(std::string_view method, std::string_view path) {
  AdminMatch match;
  for (const AdminRoute& route : kRoutes) {
    std::vector<std::string> captured;
    if (!matches(route.pattern, path, captured)) continue;
    match.path_known = true;
    if (!serves(route, method)) continue;
    match.route = &route;
    match.captured = std::move(captured);
    return match;
  }
  return match;
}

std::string allowed_admin_methods(std::string_view path) {
  std::string out;
  std::vector<std::string> captured;
  for (const AdminRoute& route : kRoutes) {
    if (!matches(route.pattern, path, captured)) continue;
    out += route.method;
    out += route.method == "GET" ? ", HEAD, " : ", ";
  }
  return out + "OPTIONS";
}

}  // namespace rateguard::admin

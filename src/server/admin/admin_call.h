// One request on its way through the admin API, once it is known who asks and that the route's role is theirs.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "catalog/catalog_store.h"
#include "catalog/change_set.h"
#include "server/admin/admin_caller.h"
#include "server/admin/admin_request.h"
#include "server/admin/admin_route.h"
#include "server/admin/json_node.h"

namespace rateguard::admin {

struct AdminParts;

// Lives for one request, on one thread that may block.
class AdminCall {
 public:
  AdminCall(AdminParts& its_parts, const AdminRequest& its_request, const AdminRoute& its_route,
            AdminCaller its_caller);

  AdminParts& parts;
  catalog::CatalogStore& catalog;
  const AdminRequest& request;
  const AdminRoute& route;
  const AdminCaller caller;
  std::vector<std::string> captured = {};
  JsonNode body = {};
  std::vector<std::pair<std::string, std::string>> query = {};

  Instant now() const { return request.now; }
  catalog::RecordKind kind() const { return *route.kind; }
  // A parameter's value; nullopt if it was not given.
  std::optional<std::string_view> parameter(std::string_view name) const;

  // The record that the path names. Errors: 404, also where it belongs to another workspace than the caller.
  AdminResult<catalog::AnyRecord> record();
  // The same for a change, which says which version it stands on. Errors: 428 without If-Match, 412 if the record has
  // another version by now.
  AdminResult<catalog::AnyRecord> record_to_change();
  // As record(), for actions that need no If-Match but obey one.
  AdminResult<catalog::AnyRecord> record_to_act_on();

  // Whether the caller may have to do with this record.
  bool sees(const catalog::AnyRecord& record) const;

  // A set of changes by this caller.
  catalog::ChangeSet changes() const { return {.actor = caller.actor, .now = request.now}; }

  // What a change is answered with, from what it came to.
  struct Rendering {
    int status = 200;
    std::function<std::string(const catalog::ChangeOutcome&)> data = {};  // JSON without secrets; empty: none
    // The record whose version is the answer's ETag, by its place among the writes; none: no ETag.
    std::optional<size_t> etag_of = {};
  };
  // Makes the changes, and keeps the answer for a repetition if the request has an idempotency key.
  AdminResult<AdminReply> commit(catalog::ChangeSet changes, const Rendering& rendering);
  // The answer that was kept for this request's idempotency key. nullopt: there is none, or no key. Errors: 400 for a
  // key that cannot be one, 422 if it was used for another request.
  AdminResult<std::optional<AdminReply>> kept_answer();

 private:
  AdminResult<catalog::AnyRecord> matching(const std::string& if_match);

  std::string key_;  // for idempotency; empty: none
  catalog::Sha256 request_sha256_ = {};
};

std::string etag_of(const catalog::AnyRecord& record);
// Of an upper bound in the query: 1 to 1,000, 100 where it is not given. Errors: 400.
AdminResult<int> page_limit(const AdminCall& call);
// Errors: 400 if the body has other members than these, with the nearest known name.
AdminResult<void> check_members(const AdminCall& call, std::initializer_list<std::string_view> known);
// A refusal for what is wrong with a body.
std::unexpected<AdminRefusal> refused_fields(std::vector<http_api::FieldError> errors);

}  // namespace rateguard::admin

#include "server/admin/admin_call.h"

#include <fmt/format.h>

#include <algorithm>

#include "catalog/keys/key_text.h"
#include "catalog/record_field.h"
#include "model/ascii.h"
#include "server/admin/admin_parts.h"
#include "server/admin/unknown_name.h"
#include "text/json_text.h"
#include "text/number.h"
#include "text/quote.h"

namespace rateguard::admin {
namespace {

using catalog::AnyRecord;
using catalog::CatalogFault;
using catalog::RecordKind;

// How long a repetition is known for: a client that was cut off tries again within minutes, one that was stopped for
// the night the next day.
constexpr Duration kAnswersLast = Duration::seconds(86'400);
constexpr size_t kIdempotencyKeyMax = 255;

std::optional<std::string> workspace_of(const AnyRecord& record) {
  if (kind_of(record) == RecordKind::kWorkspace) return head_of(record).id;
  std::optional<std::string> workspace;
  catalog::visit_fields(record, [&]<typename T>(const catalog::RecordField& field, const T& value) {
    if constexpr (std::is_same_v<T, std::string> || std::is_same_v<T, std::optional<std::string>>) {
      if (field.name == "workspace_id") workspace = value;
    }
  });
  return workspace;
}

bool is_visible_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
}

// Whether If-Match (RFC 9110, section 13.1.1) names this version. Weak tags never match.
bool names_version(std::string_view if_match, int64_t version) {
  if (trim(if_match) == "*") return true;
  const std::string wanted = fmt::format("\"{}\"", version);
  while (!if_match.empty()) {
    const size_t comma = if_match.find(',');
    if (trim(if_match.substr(0, comma)) == wanted) return true;
    if (comma == std::string_view::npos) break;
    if_match.remove_prefix(comma + 1);
  }
  return false;
}

// A kept answer: its ETag, a line break, its data.
std::string kept_text(const std::string& etag, const std::string& data) {
  return etag + '\n' + data;
}
AdminReply reply_of(const catalog::IdempotencyRecord& kept) {
  const size_t line = kept.body.find('\n');
  AdminReply reply = {.status = static_cast<int>(kept.status), .headers = {{"Idempotent-Replayed", "true"}}};
  if (line == std::string::npos) return reply;
  reply.etag = kept.body.substr(0, line);
  reply.data = kept.body.substr(line + 1);
  return reply;
}

}  // namespace

AdminCall::AdminCall(AdminParts& its_parts, const AdminRequest& its_request, const AdminRoute& its_route,
                     AdminCaller its_caller)
    : parts(its_parts),
      catalog(its_parts.catalog),
      request(its_request),
      route(its_route),
      caller(std::move(its_caller)),
      key_(its_request.header("Idempotency-Key")) {}

std::optional<std::string_view> AdminCall::parameter(std::string_view name) const {
  for (const auto& [known, value] : query) {
    if (known == name) return value;
  }
  return std::nullopt;
}

bool AdminCall::sees(const AnyRecord& record) const {
  return !caller.workspace_id || route.reach == Reach::kShared || workspace_of(record) == caller.workspace_id;
}

AdminResult<AnyRecord> AdminCall::record() {
  auto found = catalog.get_any(kind(), captured.front());
  if (!found) return std::unexpected(refusal_of(found.error()));
  if (sees(*found)) return *std::move(found);
  return refused(404, "not_found", fmt::format("there is no {} {}", to_string(kind()), quote(captured.front())));
}

AdminResult<AnyRecord> AdminCall::record_to_change() {
  const std::string if_match(request.header("If-Match"));
  if (!if_match.empty()) return matching(if_match);
  // Who may not know of the record is not told of it here either.
  if (auto found = record(); !found) return found;
  return refused(428, "if_match_missing",
                 "say which version this changes: If-Match with the ETag of a GET, or If-Match: * for any", "If-Match");
}

AdminResult<AnyRecord> AdminCall::record_to_act_on() {
  const std::string if_match(request.header("If-Match"));
  return if_match.empty() ? record() : matching(if_match);
}

AdminResult<AnyRecord> AdminCall::matching(const std::string& if_match) {
  auto found = record();
  if (!found) return found;
  const int64_t version = head_of(*found).version;
  if (names_version(if_match, version)) return found;
  return std::unexpected(
      refusal_of({.fault = CatalogFault::kConflict,
                  .message = fmt::format("{} {} has version {}, which If-Match does not name: it has been changed "
                                         "meanwhile, or the tag is not one of its ETags",
                                         to_string(kind()), captured.front(), version),
                  .version = version}));
}

AdminResult<AdminReply> AdminCall::commit(catalog::ChangeSet changes, const Rendering& rendering) {
  AdminReply reply = {.status = rendering.status};
  const auto render = [&rendering, &reply](const catalog::ChangeOutcome& outcome) {
    if (rendering.etag_of) reply.etag = etag_of(outcome.records[*rendering.etag_of]);
    if (rendering.data) reply.data = rendering.data(outcome);
    return kept_text(reply.etag, reply.data);
  };
  if (!key_.empty()) {
    changes.answer = {.record = {.scope = caller.actor.id,
                                 .key = key_,
                                 .request_sha256 = request_sha256_,
                                 .status = rendering.status,
                                 .expires_at = request.now + kAnswersLast},
                      .body = render};
  }
  const auto outcome = catalog.change(changes);
  if (outcome) {
    if (key_.empty()) render(*outcome);
    return reply;
  }
  if (outcome.error().fault != CatalogFault::kRepeated) return std::unexpected(refusal_of(outcome.error()));
  // The same request is being answered at the same time, and was first.
  auto kept = kept_answer();
  if (!kept) return std::unexpected(std::move(kept.error()));
  if (*kept) return **std::move(kept);
  return std::unexpected(refusal_of(outcome.error()));
}

AdminResult<std::optional<AdminReply>> AdminCall::kept_answer() {
  // The hash of such a body would be a fast hash of the password. Repeating these requests does no harm.
  if (body.find("password") != nullptr || body.find("new_password") != nullptr) key_.clear();
  if (key_.empty()) return std::nullopt;
  if (key_.size() > kIdempotencyKeyMax || !is_visible_ascii(key_)) {
    return refused(400, "invalid", fmt::format("expected 1 to {} visible characters of ASCII", kIdempotencyKeyMax),
                   "Idempotency-Key");
  }
  request_sha256_ = catalog::key_sha256(request.method + '\n' + request.path + '\n' + request.body);
  const auto kept = catalog.find_answer(caller.actor.id, key_, request.now);
  if (!kept) {
    if (kept.error().fault == CatalogFault::kNotFound) return std::nullopt;
    return std::unexpected(refusal_of(kept.error()));
  }
  if (kept->request_sha256 == request_sha256_) return reply_of(*kept);
  return refused(422, "idempotency_key_reused", "this key was used for another request; a new request needs a new key",
                 "Idempotency-Key");
}

std::string etag_of(const AnyRecord& record) {
  return fmt::format("\"{}\"", head_of(record).version);
}

AdminResult<int> page_limit(const AdminCall& call) {
  constexpr int kUsual = 100;
  constexpr uint64_t kMax = catalog::RecordQuery::kPageRecordsMax;
  const auto given = call.parameter("limit");
  if (!given) return kUsual;
  const auto limit = parse_whole(*given, {.min = 1, .max = kMax});
  if (limit) return static_cast<int>(*limit);
  return refused(400, "invalid", fmt::format("limit: expected 1 to {}, found {}", kMax, quote(*given)), "limit");
}

AdminResult<void> check_members(const AdminCall& call, std::initializer_list<std::string_view> known) {
  std::vector<http_api::FieldError> errors;
  for (const auto& [name, value] : call.body.members) {
    if (std::ranges::find(known, name) != known.end() || errors.size() == http_api::kFieldErrorsMax) continue;
    errors.push_back({.field = clipped(name, 64), .detail = unknown_name(name, known)});
  }
  if (errors.empty()) return {};
  return refused_fields(std::move(errors));
}

std::unexpected<AdminRefusal> refused_fields(std::vector<http_api::FieldError> errors) {
  return std::unexpected(AdminRefusal{.problem = http_api::problem_of(std::move(errors)), .code = "invalid"});
}

}  // namespace rateguard::admin

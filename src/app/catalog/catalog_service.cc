#include "app/catalog/catalog_service.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <utility>

#include "catalog/keys/key_text.h"
#include "http/client/blocking_client.h"
#include "server/admin/admin_answer.h"

namespace rateguard::app {
namespace {

namespace json = boost::json;

// How long a server may take for each step; a person waits.
constexpr Duration kPatience = Duration::seconds(20);

// What a problem document says: its detail, or one line for each field that is wrong.
std::string words_of(const json::object& problem) {
  const json::value* const errors = problem.if_contains("errors");
  if (errors == nullptr || !errors->is_array() || errors->as_array().empty()) {
    const std::string field = member_text(problem, "field");
    const std::string detail = member_text(problem, "detail");
    const bool is_named = field.empty() || detail.starts_with(field);
    return is_named ? detail : fmt::format("{}: {}", field, detail);
  }
  std::string lines;
  for (const json::value& error : errors->as_array()) {
    if (!lines.empty()) lines += '\n';
    lines += fmt::format("{}: {}", member_text(error.as_object(), "field"), member_text(error.as_object(), "detail"));
  }
  return lines;
}

ErrorCode code_of(int status) {
  if (status == 404) return ErrorCode::kNotFound;
  return status >= 500 ? ErrorCode::kUnavailable : ErrorCode::kInvalid;
}

Result<CatalogReply> read_reply(int status, std::string text) {
  if (status == 204) return CatalogReply{.status = status};
  boost::system::error_code error;
  json::value read = json::parse(text, error);
  const bool is_object = !error && read.is_object();
  if (status >= 400) {
    std::string words = is_object ? words_of(read.as_object()) : std::string();
    if (words.empty()) words = fmt::format("the server answered {}", status);
    return std::unexpected(Error{.code = code_of(status), .message = std::move(words), .source = ErrorSource::kPeer});
  }
  if (!is_object || !read.as_object().contains("data")) {
    return fail(ErrorCode::kUnavailable, "the server's answer is none of RateGuard's admin API; is this its address?");
  }
  return CatalogReply{.status = status, .text = std::move(text), .json = std::move(read)};
}

// "*", or the tag of that version.
std::string if_match(const CatalogRequest& request) {
  return request.version == 0 ? "*" : fmt::format("\"{}\"", request.version);
}

class LocalCatalog final : public CatalogService {
 public:
  LocalCatalog(std::unique_ptr<catalog::CatalogStore> store, std::string user, std::function<Instant()> now)
      : store_(std::move(store)),
        parts_(*store_),
        token_("of the command line"),
        user_(std::move(user)),
        now_(std::move(now)) {
    parts_.identity.first_token =
        admin::FirstToken{.sha256 = catalog::key_sha256(token_), .actor_kind = "command_line", .actor_id = user_};
  }

  Result<CatalogReply> ask(const CatalogRequest& request) override {
    const size_t question = request.target.find('?');
    admin::AdminRequest asked = {.method = request.method,
                                 .path = request.target.substr(0, question),
                                 .query = question == std::string::npos ? "" : request.target.substr(question + 1),
                                 .body = request.body,
                                 .headers = {{"Authorization", "Bearer " + token_}, {"If-Match", if_match(request)}},
                                 .now = now_()};
    if (!asked.body.empty()) asked.headers.emplace_back("Content-Type", "application/json");
    admin::AdminAnswer answer = admin::answer_admin(parts_, asked).answer;
    return read_reply(answer.status, std::move(answer.body));
  }

  catalog::CatalogStore* store() override { return store_.get(); }
  catalog::Actor actor() const override { return {.kind = "command_line", .id = user_}; }
  Instant now() const override { return now_(); }

 private:
  std::unique_ptr<catalog::CatalogStore> store_;
  admin::AdminParts parts_;
  const std::string token_;  // counts in this process only
  const std::string user_;
  const std::function<Instant()> now_;
};

class EmptyCatalog final : public CatalogService {
 public:
  explicit EmptyCatalog(std::function<Instant()> now) : now_(std::move(now)) {}

  Result<CatalogReply> ask(const CatalogRequest& request) override {
    if (request.method != "GET") return fail(ErrorCode::kUnavailable, "the catalog is not there yet");
    // "/v1/plans" is a list, "/v1/plans/ID" is a record.
    const std::string_view path = std::string_view(request.target).substr(0, request.target.find('?'));
    return read_reply(path.rfind('/') == std::string_view("/v1").size() ? 200 : 404,
                      R"({"data":[],"pagination":{"has_more":false},"detail":"there is no such record"})");
  }
  Instant now() const override { return now_(); }

 private:
  const std::function<Instant()> now_;
};

class RemoteCatalog final : public CatalogService {
 public:
  RemoteCatalog(net::Endpoint server, std::string token, std::function<Instant()> now)
      : server_(std::move(server)), token_(std::move(token)), now_(std::move(now)) {}

  Result<CatalogReply> ask(const CatalogRequest& request) override {
    const http::ClientRequest asked = {.method = request.method,
                                       .target = request.target,
                                       .content_type = request.body.empty() ? "" : "application/json",
                                       .bearer_token = token_,
                                       .if_match = if_match(request),
                                       .body = request.body};
    auto answer = http::ask(server_.host, server_.port, asked, kPatience);
    if (!answer) return fail(ErrorCode::kUnavailable, answer.error().to_string());
    return read_reply(answer->status, std::move(answer->body));
  }

  Instant now() const override { return now_(); }

 private:
  const net::Endpoint server_;
  const std::string token_;
  const std::function<Instant()> now_;
};

}  // namespace

std::string member_text(const json::object& shown, std::string_view member) {
  const json::value* const value = shown.if_contains(member);
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : std::string();
}

std::unique_ptr<CatalogService> local_catalog(std::unique_ptr<catalog::CatalogStore> store, std::string user,
                                              std::function<Instant()> now) {
  return std::make_unique<LocalCatalog>(std::move(store), std::move(user), std::move(now));
}

std::unique_ptr<CatalogService> empty_catalog(std::function<Instant()> now) {
  return std::make_unique<EmptyCatalog>(std::move(now));
}

std::unique_ptr<CatalogService> remote_catalog(net::Endpoint server, std::string token, std::function<Instant()> now) {
  return std::make_unique<RemoteCatalog>(std::move(server), std::move(token), std::move(now));
}

}  // namespace rateguard::app

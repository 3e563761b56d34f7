#include "server/admin/admin_harness_testing.h"

#include <boost/json/parse.hpp>
#include <stdexcept>

#include "catalog/keys/key_text.h"
#include "catalog/sqlite/sqlite_catalog.h"
#include "model/ascii.h"

namespace rateguard::admin {
namespace {

constexpr PasswordHasher::Options kQuickHashing = {.memory_kib = 64, .passes = 1};

}  // namespace

std::string ReadAnswer::header(std::string_view name) const {
  for (const auto& [known, value] : answer.headers) {
    if (equal_ignoring_case(known, name)) return value;
  }
  return {};
}

std::string ReadAnswer::problem(std::string_view member) const {
  const auto* const object = json.if_object();
  const auto* const found = object != nullptr ? object->if_contains(member) : nullptr;
  return found != nullptr && found->is_string() ? std::string(found->as_string()) : std::string();
}

AdminHarness::AdminHarness()
    : folder_(std::make_unique<catalog::SqliteFolder>()),
      own_(catalog::open_sqlite_catalog(folder_->file(), "test", now).value()),
      catalog_(own_.get()),
      parts(*catalog_, kQuickHashing) {
  parts.identity = {.first_token = FirstToken{catalog::key_sha256(kOwnerToken)}, .version = "test"};
}

AdminHarness::AdminHarness(catalog::CatalogStore& catalog) : catalog_(&catalog), parts(catalog, kQuickHashing) {
  parts.identity = {.first_token = FirstToken{catalog::key_sha256(kOwnerToken)}, .version = "test"};
}

ReadAnswer AdminHarness::ask(std::string method, std::string target, std::string body, HeaderList headers) {
  AdminRequest request = {.method = std::move(method), .body = std::move(body), .headers = std::move(headers)};
  const size_t question = target.find('?');
  request.path = target.substr(0, question);
  if (question != std::string::npos) request.query = target.substr(question + 1);
  if (request.header("Authorization").empty() && request.header("Cookie").empty()) {
    request.headers.emplace_back("Authorization", "Bearer " + std::string(kOwnerToken));
  }
  request.peer = "192.0.2.1";
  request.id = "test-request";
  request.now = now;
  ReadAnswer read = {.answer = answer_admin(parts, request).answer};
  if (!read.answer.body.empty()) read.json = boost::json::parse(read.answer.body);
  return read;
}

std::string AdminHarness::make(std::string collection, std::string body) {
  const ReadAnswer made = post("/v1/" + collection, std::move(body));
  if (made.status() != 201) throw std::runtime_error(made.answer.body);
  return made.text("id");
}

std::string AdminHarness::make_token(std::string name, std::string_view role, std::string workspace_id) {
  std::string body = "{\"name\":\"" + name + "\",\"role\":\"" + std::string(role) + '"';
  if (!workspace_id.empty()) body += ",\"workspace_id\":\"" + workspace_id + '"';
  const ReadAnswer made = post("/v1/tokens", body + '}');
  if (made.status() != 201) throw std::runtime_error(made.answer.body);
  return made.text("secret");
}

}  // namespace rateguard::admin

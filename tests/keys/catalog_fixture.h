// A catalog beside the program, as another process that changes it.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include "catalog/catalog_store.h"
#include "catalog/keys/key_text.h"
#include "model/instant.h"
#include "support/http_connection.h"

namespace rateguard::test {

inline Instant wall_now() {
  using namespace std::chrono;
  return {duration_cast<microseconds>(system_clock::now().time_since_epoch()).count()};
}

// With one workspace, "acme", on the plan "pro".
class CatalogBeside {
 public:
  explicit CatalogBeside(std::unique_ptr<catalog::CatalogStore> store) : store_(std::move(store)) {
    const auto plan = create(*store_, catalog::PlanRecord{.name = "pro", .limits = {{"chat", "3/h"}}}, {}, wall_now());
    EXPECT_TRUE(plan.has_value());
    const auto made =
        create(*store_, catalog::WorkspaceRecord{.name = "acme", .plan_id = plan->head.id}, {}, wall_now());
    EXPECT_TRUE(made.has_value());
    workspace = *made;
  }

  catalog::CatalogStore& store() { return *store_; }
  // A new key, and its text.
  std::pair<catalog::ApiKeyRecord, std::string> add(catalog::ApiKeyRecord record = {}) {
    const auto secret = catalog::make_secret(catalog::SecretKind::kLiveKey);
    record.workspace_id = workspace.head.id;
    record.name = secret->last4;
    record.prefix = secret->prefix;
    record.last4 = secret->last4;
    record.sha256 = secret->sha256;
    const auto made = create(*store_, record, {}, wall_now());
    EXPECT_TRUE(made.has_value()) << (made ? "" : made.error().message);
    return {*made, std::string(secret->text.reveal())};
  }
  // The revision that says so.
  int64_t revoke(const catalog::ApiKeyRecord& record) {
    catalog::ApiKeyRecord revoked = record;
    revoked.revoked_at = wall_now();
    const auto made = update(*store_, revoked, {}, wall_now(), "revoke");
    EXPECT_TRUE(made.has_value()) << (made ? "" : made.error().message);
    return made->head.revision;
  }

  catalog::WorkspaceRecord workspace;

 private:
  std::unique_ptr<catalog::CatalogStore> store_;
};

// As a proxy on this machine asks about a client's request.
inline HttpAnswer ask_authz(HttpConnection& connection, const std::string& key) {
  std::vector<std::string> headers = {"X-Forwarded-Uri: /chat", "X-Forwarded-Method: GET",
                                      "X-Forwarded-For: 192.0.2.7"};
  if (!key.empty()) headers.push_back("X-API-Key: " + key);
  return connection.get("/v1/authz", headers);
}

}  // namespace rateguard::test

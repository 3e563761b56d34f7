// For tests: a catalog of their own, asked straight or at a server, as a parameter of a suite.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "app/catalog/catalog_service.h"
#include "catalog/keys/key_text.h"
#include "catalog/sqlite/sqlite_catalog.h"
#include "catalog/sqlite/sqlite_folder_testing.h"
#include "http/server/server.h"
#include "net/blocking_pool.h"
#include "net/loop_thread_testing.h"
#include "server/admin/admin_api.h"

namespace rateguard::app {

enum class AskedHow : uint8_t { kStraight, kAtAServer };

// The admin API of a catalog on a loop of its own.
class AdminServer {
 public:
  AdminServer(catalog::CatalogStore& catalog, const std::string& token) : parts_(catalog) {
    parts_.identity.first_token = admin::FirstToken{.sha256 = catalog::key_sha256(token)};
    port_ = server_.start(loop_.loop(), api_).value();
    loop_.start();
  }
  ~AdminServer() {
    loop_.stop();
    pool_.stop();
  }
  uint16_t port() const { return port_; }

 private:
  admin::AdminParts parts_;
  net::LoopThread<> loop_;
  net::BlockingPool pool_{{.threads = 2, .queued_max = 64}};
  net::Tasks tasks_{loop_.loop()};
  net::BlockingCalls calls_{pool_, tasks_, loop_.loop()};
  admin::AdminApi api_{parts_, {.tasks = tasks_, .calls = calls_}};
  http::Server server_{{}};
  uint16_t port_ = 0;
};

// An empty catalog, at noon of 2026-12-01 unless a test says otherwise; a server has its own clock.
class CatalogForTests {
 public:
  explicit CatalogForTests(AskedHow how) : store_(open()) {
    const std::function<Instant()> clock = [this] { return now; };
    if (how == AskedHow::kStraight) {
      service_ = local_catalog(open(), "ann", clock);
      return;
    }
    server_ = std::make_unique<AdminServer>(*store_, "the token");
    service_ = remote_catalog({.host = "127.0.0.1", .port = server_->port()}, "the token", clock);
  }

  CatalogService& service() { return *service_; }
  // The catalog itself, beside the service.
  catalog::CatalogStore& store() { return *store_; }

  Instant now = Instant::from_seconds(1'796'126'400);

 private:
  std::unique_ptr<catalog::CatalogStore> open() {
    return std::move(catalog::open_sqlite_catalog(folder_.file(), "test", now).value());
  }

  catalog::SqliteFolder folder_;
  std::unique_ptr<catalog::CatalogStore> store_;
  std::unique_ptr<AdminServer> server_;
  std::unique_ptr<CatalogService> service_;
};

}  // namespace rateguard::app

// One PostgreSQL server and one pooler for all tests of a program, and a database for each test.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "catalog/catalog_store.h"
#include "catalog/postgres/postgres_catalog.h"
#include "catalog/postgres/postgres_database.h"
#include "support/postgres/postgres_servers.h"

namespace rateguard::test {

struct PostgresStack {
  PostgresStack() {
    EXPECT_TRUE(server.start()) << server.log();
    EXPECT_TRUE(pooler.start()) << pooler.log();
  }
  PostgresServer server;
  PostgresPooler pooler{server};
};

// Ends with the program's main thread, which has started it.
inline PostgresStack& postgres_stack() {
  static PostgresStack stack;
  return stack;
}

enum class PostgresWay : uint8_t { kDirect, kPooled };

// For the suites.
template <PostgresWay kWay>
class PostgresFactory {
 public:
  std::unique_ptr<catalog::CatalogStore> open() {
    auto store = catalog::open_postgres_catalog(url(), "test", Instant::from_seconds(1));
    EXPECT_TRUE(store.has_value()) << store.error().message;
    return store ? std::move(*store) : nullptr;
  }
  std::unique_ptr<catalog::SqlDatabase> database() {
    return std::make_unique<catalog::PostgresDatabase>(url(), catalog::PostgresOptions());
  }
  void begin_again() { name_ = postgres_stack().server.new_database(); }
  static std::string bytes_literal(std::string_view hex) { return "'\\x" + std::string(hex) + "'::bytea"; }
  std::string url() const {
    PostgresStack& stack = postgres_stack();
    return kWay == PostgresWay::kDirect ? stack.server.url(name_) : stack.pooler.url(name_);
  }

 private:
  std::string name_ = postgres_stack().server.new_database();
};

}  // namespace rateguard::test

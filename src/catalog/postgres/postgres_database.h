// A PostgreSQL database as the catalog's.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "catalog/postgres/call_deadlines.h"
#include "catalog/postgres/postgres_connection.h"
#include "catalog/postgres/revision_listener.h"
#include "catalog/sql/sql_database.h"

namespace rateguard::catalog {

struct PostgresOptions {
  // After which a call that has no answer is given up.
  std::chrono::milliseconds patience = std::chrono::seconds(15);
};

class PostgresDatabase final : public SqlDatabase {
 public:
  // Connects with the first call.
  PostgresDatabase(std::string url, PostgresOptions options);

  std::string name() const override { return name_; }
  const SqlDialect& dialect() const override;
  CatalogResult<SqlRows> ask(std::string_view statement, std::span<const SqlValue> values) override;
  CatalogResult<void> read(const Work& work) override;
  CatalogResult<void> write(const Work& work) override;
  // Begins to listen. Called with 0 where messages may have been lost.
  void on_announcement(std::function<void(int64_t revision)> listener) override;

 private:
  using Connection = std::unique_ptr<PostgresConnection>;

  // Calls with a connection. One that has been idle may be dead without knowing it: then with a new one, as long as
  // nothing can have been changed.
  template <typename Call>
  auto with_connection(Call call) -> decltype(call(std::declval<PostgresConnection&>()));
  Connection take_idle();
  void give_back(Connection connection);

  const std::string url_;
  const std::string name_;
  CallDeadlines deadlines_;
  Mutex mutex_;
  std::vector<Connection> idle_ RG_GUARDED_BY(mutex_);
  std::unique_ptr<RevisionListener> listener_;
};

}  // namespace rateguard::catalog

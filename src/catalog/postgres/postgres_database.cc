#include "catalog/postgres/postgres_database.h"

#include <utility>

#include "catalog/postgres/postgres_url.h"

namespace rateguard::catalog {
namespace {

// As many as threads of a pool that asks at a time; more are closed again.
constexpr size_t kIdleMax = 16;

constexpr SqlDialect kDialect = {
    .text_type = "text COLLATE \"C\"",
    .integer_type = "bigint",
    .bytes_type = "bytea",
    .table_options = "",
    .has_table =
        "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema=current_schema() AND table_name=$1"};

}  // namespace

PostgresDatabase::PostgresDatabase(std::string url, PostgresOptions options)
    : url_(std::move(url)), name_(postgres_name(url_)), deadlines_(options.patience) {}

const SqlDialect& PostgresDatabase::dialect() const {
  return kDialect;
}

PostgresDatabase::Connection PostgresDatabase::take_idle() {
  HeldLock lock(mutex_);
  if (idle_.empty()) return nullptr;
  Connection connection = std::move(idle_.back());
  idle_.pop_back();
  return connection;
}

void PostgresDatabase::give_back(Connection connection) {
  if (!connection->is_open()) return;
  HeldLock lock(mutex_);
  if (idle_.size() < kIdleMax) idle_.push_back(std::move(connection));
}

template <typename Call>
auto PostgresDatabase::with_connection(Call call) -> decltype(call(std::declval<PostgresConnection&>())) {
  while (true) {
    Connection connection = take_idle();
    const bool was_idle = connection != nullptr;
    if (!was_idle) {
      auto made = PostgresConnection::open(url_);
      if (!made) return std::unexpected(std::move(made.error()));
      connection = std::move(*made);
    }
    auto result = [&] {
      const CallDeadlines::Guard guard(deadlines_, connection->socket());
      return call(*connection);
    }();
    const bool was_dead =
        was_idle && !connection->is_open() && !result.has_value() && result.error().fault == CatalogFault::kUnavailable;
    give_back(std::move(connection));
    if (!was_dead) return result;
  }
}

CatalogResult<SqlRows> PostgresDatabase::ask(std::string_view statement, std::span<const SqlValue> values) {
  return with_connection([&](PostgresConnection& connection) { return connection.ask(statement, values); });
}

CatalogResult<void> PostgresDatabase::read(const Work& work) {
  return with_connection(
      [&](PostgresConnection& connection) { return connection.transact(PostgresTransaction::kRead, work); });
}

CatalogResult<void> PostgresDatabase::write(const Work& work) {
  return with_connection(
      [&](PostgresConnection& connection) { return connection.transact(PostgresTransaction::kWrite, work); });
}

void PostgresDatabase::on_announcement(std::function<void(int64_t revision)> listener) {
  listener_ = std::make_unique<RevisionListener>(url_, std::move(listener));
}

}  // namespace rateguard::catalog

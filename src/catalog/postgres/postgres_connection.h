// One connection to a PostgreSQL server, or to a pooler in front of one. It keeps nothing in its session: no prepared
// statements, no settings, no locks, so that a pooler may give each transaction another session. One thread at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "catalog/refusal.h"
#include "catalog/sql/sql_database.h"

namespace rateguard::catalog {

enum class PostgresTransaction : uint8_t {
  kRead,   // repeatable read, read only
  kWrite,  // read committed, behind a lock that all writers take
};

class PostgresConnection {
 public:
  // `url` as for libpq. Errors: kUnavailable, without the password.
  static CatalogResult<std::unique_ptr<PostgresConnection>> open(const std::string& url);
  ~PostgresConnection();
  PostgresConnection(const PostgresConnection&) = delete;
  PostgresConnection& operator=(const PostgresConnection&) = delete;

  int socket() const;
  // False after a call that broke it: it is of no more use.
  bool is_open() const { return is_open_; }

  CatalogResult<SqlRows> ask(std::string_view statement, std::span<const SqlValue> values);
  // Commits if `work` succeeds, else nothing remains. Errors: of `work`, of the database, kUnknownOutcome.
  CatalogResult<void> transact(PostgresTransaction kind, const SqlDatabase::Work& work);

 private:
  struct Inside;
  class Session;

  explicit PostgresConnection(std::unique_ptr<Inside> inside);

  std::unique_ptr<Inside> inside_;
  bool is_open_ = true;
};

}  // namespace rateguard::catalog

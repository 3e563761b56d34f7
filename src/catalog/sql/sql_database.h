// A database as the catalog uses it: statements with values in, rows out. The same statements serve SQLite and
// PostgreSQL; parameters are $1, $2 and so on, in this order of their first appearance.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "catalog/refusal.h"

namespace rateguard::catalog {

struct SqlBytes {
  std::string bytes = {};

  bool operator==(const SqlBytes&) const = default;
};

// NULL, a whole number, text, or bytes.
using SqlValue = std::variant<std::monostate, int64_t, std::string, SqlBytes>;
using SqlRow = std::vector<SqlValue>;
using SqlRows = std::vector<SqlRow>;

// The words in which the databases differ.
struct SqlDialect {
  std::string_view text_type;     // compared byte by byte
  std::string_view integer_type;  // 64 bits
  std::string_view bytes_type;
  std::string_view table_options;  // after the closing parenthesis of CREATE TABLE
  std::string_view has_table;      // a query for the number of tables with the name $1
};

// A transaction, while it lasts.
class SqlSession {
 public:
  // `statement` is text of the program's own; it is prepared once where the database allows it.
  virtual CatalogResult<SqlRows> run(std::string_view statement, std::span<const SqlValue> values) = 0;
  // Tells other instances of the revision once the transaction is committed, where the database can.
  virtual CatalogResult<void> announce(int64_t revision) = 0;

 protected:
  ~SqlSession() = default;
};

// Any thread may call any member.
class SqlDatabase {
 public:
  // What it returns decides: with a refusal nothing remains of the transaction.
  using Work = std::function<CatalogResult<void>(SqlSession&)>;

  virtual ~SqlDatabase() = default;

  // For messages: a file's path, or a server and a database, without credentials.
  virtual std::string name() const = 0;
  virtual const SqlDialect& dialect() const = 0;
  // One query on its own.
  virtual CatalogResult<SqlRows> ask(std::string_view statement, std::span<const SqlValue> values) = 0;
  // Several queries that see one state of the database.
  virtual CatalogResult<void> read(const Work& work) = 0;
  // A transaction that changes something. At most one of them at a time is in progress, over all instances of the
  // program: it sees what those before it have committed. Durable when this returns.
  virtual CatalogResult<void> write(const Work& work) = 0;
  // Called after announcements of others, where the database tells of them. Set once, before the first call.
  virtual void on_announcement(std::function<void(int64_t revision)> listener) = 0;
};

}  // namespace rateguard::catalog

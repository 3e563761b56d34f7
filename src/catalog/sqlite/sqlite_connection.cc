#include "catalog/sqlite/sqlite_connection.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <utility>

namespace rateguard::catalog {
namespace {

// How long to wait for another process that writes.
constexpr int kBusyMs = 5'000;
// The catalog has fewer statements; lists with many filters could exceed it.
constexpr size_t kStatementsMax = 256;

CatalogFault fault_of(int code, int system_error) {
  switch (code & 0xff) {
    case SQLITE_FULL:
      return CatalogFault::kFull;
    case SQLITE_READONLY:
    case SQLITE_PERM:
      return CatalogFault::kReadOnly;
    case SQLITE_NOTADB:
      return CatalogFault::kForeign;
    case SQLITE_CORRUPT:
    case SQLITE_CONSTRAINT:  // the catalog checks what it writes
    case SQLITE_MISMATCH:
    case SQLITE_ERROR:  // a table or a column is missing
      return CatalogFault::kCorrupt;
    default:
      return system_error == ENOSPC || system_error == EDQUOT ? CatalogFault::kFull : CatalogFault::kUnavailable;
  }
}

std::string_view advice(CatalogFault fault) {
  switch (fault) {
    case CatalogFault::kFull:
      return ". The disk is full: make room; until then the catalog can be read and not changed";
    case CatalogFault::kReadOnly:
      return ". Let the user of this program write to the file and to its folder";
    case CatalogFault::kForeign:
      return ". It is not a catalog and was left untouched: name another file, or move this one away";
    case CatalogFault::kCorrupt:
      return ". The file is damaged and was left as it is: restore it from a backup";
    default:
      return "";
  }
}

// A path in a URI that SQLite takes (https://www.sqlite.org/uri.html).
std::string inspecting_uri(const std::string& path) {
  std::string uri = "file:";
  for (const char c : path) {
    const bool is_special = c == '%' || c == '?' || c == '#';
    uri +=
        is_special ? fmt::format("%{:02x}", static_cast<unsigned>(static_cast<unsigned char>(c))) : std::string(1, c);
  }
  return uri + "?immutable=1";
}

int bind(sqlite3_stmt* statement, int place, const SqlValue& value) {
  struct Bind {
    sqlite3_stmt* statement;
    int place;
    int operator()(std::monostate) const { return sqlite3_bind_null(statement, place); }
    int operator()(int64_t number) const { return sqlite3_bind_int64(statement, place, number); }
    int operator()(const std::string& text) const {
      return sqlite3_bind_text64(statement, place, text.data(), text.size(), SQLITE_STATIC, SQLITE_UTF8);
    }
    int operator()(const SqlBytes& bytes) const {
      return sqlite3_bind_blob64(statement, place, bytes.bytes.data(), bytes.bytes.size(), SQLITE_STATIC);
    }
  };
  return std::visit(Bind{statement, place}, value);
}

SqlValue column(sqlite3_stmt* statement, int place) {
  switch (sqlite3_column_type(statement, place)) {
    case SQLITE_INTEGER:
      return int64_t{sqlite3_column_int64(statement, place)};
    case SQLITE_TEXT: {
      const auto* const text = reinterpret_cast<const char*>(sqlite3_column_text(statement, place));
      return std::string(text, static_cast<size_t>(sqlite3_column_bytes(statement, place)));
    }
    case SQLITE_BLOB: {
      const auto* const bytes = static_cast<const char*>(sqlite3_column_blob(statement, place));
      return SqlBytes{std::string(bytes, static_cast<size_t>(sqlite3_column_bytes(statement, place)))};
    }
    default:
      return {};
  }
}

bool is_prepared_once(std::string_view statement) {
  return !statement.starts_with("CREATE") && !statement.starts_with("ALTER") && !statement.starts_with("PRAGMA");
}

}  // namespace

void SqliteConnection::Close::operator()(sqlite3* database) const {
  sqlite3_close_v2(database);
}

void SqliteConnection::Finalize::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

CatalogResult<std::unique_ptr<SqliteConnection>> SqliteConnection::open(const std::string& path, SqliteAccess access) {
  auto connection = std::unique_ptr<SqliteConnection>(new SqliteConnection(path));
  const bool is_inspecting = access == SqliteAccess::kInspect;
  const std::string name = is_inspecting ? inspecting_uri(path) : path;
  // A connection that only reads needs to write as well: where readers note how far they have read, beside the file.
  const int flags = is_inspecting ? SQLITE_OPEN_READONLY | SQLITE_OPEN_URI : SQLITE_OPEN_READWRITE;
  sqlite3* database = nullptr;
  const int code =
      sqlite3_open_v2(name.c_str(), &database, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
  connection->database_.reset(database);
  if (database == nullptr) return refuse(CatalogFault::kUnavailable, path + ": there is no memory to open it");
  if (code != SQLITE_OK) return connection->refusal("it cannot be opened");
  sqlite3_busy_timeout(database, kBusyMs);
  if (access == SqliteAccess::kReadOnly) {
    auto set = connection->run("PRAGMA query_only=ON");
    if (!set) return std::unexpected(std::move(set.error()));
  }
  return connection;
}

CatalogResult<std::array<char, 100>> SqliteConnection::head() {
  sqlite3_file* file = nullptr;
  std::array<char, 100> head = {};
  int code = sqlite3_file_control(database_.get(), "main", SQLITE_FCNTL_FILE_POINTER, &file);
  if (code == SQLITE_OK) code = file->pMethods->xRead(file, head.data(), static_cast<int>(head.size()), 0);
  if (code == SQLITE_OK || code == SQLITE_IOERR_SHORT_READ) return head;
  return refuse(CatalogFault::kUnavailable, fmt::format("{}: it cannot be read: {}", path_, sqlite3_errstr(code)));
}

bool SqliteConnection::is_in_transaction() const {
  return sqlite3_get_autocommit(database_.get()) == 0;
}

std::unexpected<CatalogRefusal> SqliteConnection::refusal(std::string_view what) const {
  const int code = sqlite3_extended_errcode(database_.get());
  const CatalogFault fault = fault_of(code, sqlite3_system_errno(database_.get()));
  return refuse(fault, fmt::format("{}: {}: {}{}", path_, what, sqlite3_errmsg(database_.get()), advice(fault)));
}

CatalogResult<SqliteConnection::Statement> SqliteConnection::prepare(std::string_view statement) {
  sqlite3_stmt* made = nullptr;
  const unsigned flags = is_prepared_once(statement) ? SQLITE_PREPARE_PERSISTENT : 0;
  if (sqlite3_prepare_v3(database_.get(), statement.data(), static_cast<int>(statement.size()), flags, &made,
                         nullptr) != SQLITE_OK) {
    return refusal("it cannot be read");
  }
  return Statement(made);
}

CatalogResult<sqlite3_stmt*> SqliteConnection::prepared(std::string_view statement) {
  const auto found = statements_.find(statement);
  if (found != statements_.end()) return found->second.get();
  auto made = prepare(statement);
  if (!made) return std::unexpected(std::move(made.error()));
  if (statements_.size() >= kStatementsMax) statements_.clear();
  return statements_.emplace(statement, std::move(*made)).first->second.get();
}

CatalogResult<SqlRows> SqliteConnection::run(std::string_view statement, std::span<const SqlValue> values) {
  if (is_prepared_once(statement)) {
    const auto found = prepared(statement);
    if (!found) return std::unexpected(found.error());
    return step(*found, values);
  }
  const auto made = prepare(statement);
  if (!made) return std::unexpected(made.error());
  return step(made->get(), values);
}

CatalogResult<SqlRows> SqliteConnection::step(sqlite3_stmt* statement, std::span<const SqlValue> values) {
  int code = SQLITE_OK;
  for (size_t i = 0; i < values.size() && code == SQLITE_OK; ++i) {
    code = bind(statement, static_cast<int>(i) + 1, values[i]);
  }
  SqlRows rows;
  if (code == SQLITE_OK) {
    const int columns = sqlite3_column_count(statement);
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
      SqlRow& row = rows.emplace_back();
      row.reserve(static_cast<size_t>(columns));
      for (int i = 0; i < columns; ++i) row.push_back(column(statement, i));
    }
  }
  CatalogResult<SqlRows> result = std::move(rows);
  if (code != SQLITE_DONE) result = refusal("a statement failed");
  sqlite3_reset(statement);
  sqlite3_clear_bindings(statement);  // they point to the caller's values
  return result;
}

}  // namespace rateguard::catalog

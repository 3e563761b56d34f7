#include "catalog/postgres/postgres_connection.h"

#include <fmt/format.h>

#include <charconv>
#include <cstddef>
#include <exception>
#include <pqxx/pqxx>
#include <utility>
#include <vector>

#include "catalog/postgres/postgres_url.h"
#include "catalog/postgres/revision_listener.h"
#include "model/ascii.h"

namespace rateguard::catalog {
namespace {

// Of the server's types (pg_type.dat), those that the catalog's statements give.
constexpr pqxx::oid kBytea = 17;
constexpr pqxx::oid kInt8 = 20;
constexpr pqxx::oid kInt4 = 23;

// "RGct": what writers and migrations of all instances lock until the end of their transaction.
constexpr int64_t kWriterLock = 0x52476374;
// A writer waits for the others that long, and a statement may take that long.
constexpr int kLockMs = 5'000;
constexpr int kStatementMs = 10'000;

std::string text_of(const SqlBytes& value) {
  std::string text = "\\x";
  for (const char c : value.bytes) text += fmt::format("{:02x}", static_cast<unsigned>(static_cast<unsigned char>(c)));
  return text;
}

// Parameters as text; the server knows their types. Borrows nothing.
class Parameters {
 public:
  explicit Parameters(std::span<const SqlValue> values) {
    texts_.reserve(values.size());
    for (const SqlValue& value : values) add(value);
    for (const SqlValue& value : values) {
      const bool is_null = std::holds_alternative<std::monostate>(value);
      pointers_.push_back(is_null ? nullptr : texts_[pointers_.size()].c_str());
    }
  }
  const std::vector<const char*>& pointers() const { return pointers_; }

 private:
  void add(const SqlValue& value) {
    if (const auto* const number = std::get_if<int64_t>(&value)) {
      texts_.push_back(std::to_string(*number));
    } else if (const auto* const text = std::get_if<std::string>(&value)) {
      texts_.push_back(*text);
    } else if (const auto* const bytes = std::get_if<SqlBytes>(&value)) {
      texts_.push_back(text_of(*bytes));
    } else {
      texts_.emplace_back();
    }
  }
  std::vector<std::string> texts_;
  std::vector<const char*> pointers_;
};

SqlValue value_of(const pqxx::field& field) {
  if (field.is_null()) return {};
  const std::string_view text(field.c_str(), field.size());
  switch (field.type()) {
    case kInt8:
    case kInt4: {
      int64_t number = 0;
      std::from_chars(text.data(), text.data() + text.size(), number);
      return number;
    }
    case kBytea: {  // "\x00ff"
      SqlBytes bytes;
      for (size_t i = 2; i + 1 < text.size(); i += 2) {
        bytes.bytes += static_cast<char>(hex_value(text[i]) << 4 | hex_value(text[i + 1]));
      }
      return bytes;
    }
    default:
      return std::string(text);
  }
}

SqlRows rows_of(const pqxx::result& result) {
  SqlRows rows;
  rows.reserve(result.size());
  for (const pqxx::row& row : result) {
    SqlRow& into = rows.emplace_back();
    into.reserve(row.size());
    for (const pqxx::field& field : row) into.push_back(value_of(field));
  }
  return rows;
}

SqlRows run_in(pqxx::transaction_base& transaction, std::string_view statement, std::span<const SqlValue> values) {
  const std::string text(statement);
  if (values.empty()) return rows_of(transaction.exec(text));
  const Parameters parameters(values);
  return rows_of(transaction.exec_params(text, pqxx::prepare::make_dynamic_params(parameters.pointers())));
}

// By SQLSTATE (https://www.postgresql.org/docs/15/errcodes-appendix.html).
CatalogFault fault_of(std::string_view state) {
  if (state == "53100") return CatalogFault::kFull;
  if (state == "25006") return CatalogFault::kReadOnly;  // a standby
  if (state.starts_with("XX001") || state.starts_with("XX002") || state.starts_with("23"))
    return CatalogFault::kCorrupt;
  return CatalogFault::kUnavailable;
}

std::string first_line(std::string_view text) {
  return std::string(text.substr(0, text.find('\n')));
}

}  // namespace

struct PostgresConnection::Inside {
  explicit Inside(const std::string& its_url)
      : url(its_url), name(postgres_name(its_url)), connection(postgres_url_with_defaults(its_url)) {
    // Without this, libpqxx would connect again by itself: on a socket that no deadline watches.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
    connection.inhibit_reactivation(true);
#pragma GCC diagnostic pop
  }

  // For what is being caught.
  CatalogRefusal refusal(bool& is_open) const;

  std::string url;
  std::string name;
  pqxx::connection connection;
  // What libpqxx would write to standard error. Refusals say it, and the log keeps it, in a form of its own.
  pqxx::quiet_errorhandler quiet{connection};
};

namespace {

CatalogRefusal refusal_of_caught(const std::string& url, const std::string& name, bool& is_open) {
  const auto say = [&](CatalogFault fault, std::string_view what) {
    return CatalogRefusal{.fault = fault, .message = name + ": " + without_password(first_line(what), url)};
  };
  try {
    std::rethrow_exception(std::current_exception());
  } catch (const pqxx::in_doubt_error& error) {
    is_open = false;
    return say(CatalogFault::kUnknownOutcome,
               "the connection broke while a change was being committed, which may have been made");
  } catch (const pqxx::sql_error& error) {
    // 57P0x: the server is shutting down, or the session was ended.
    if (error.sqlstate().starts_with("57P") || error.sqlstate().starts_with("08")) is_open = false;
    return say(fault_of(error.sqlstate()), error.what());
  } catch (const pqxx::broken_connection& error) {
    is_open = false;
    return say(CatalogFault::kUnavailable, error.what());
  } catch (const std::exception& error) {
    is_open = false;
    return say(CatalogFault::kUnavailable, error.what());
  }
}

}  // namespace

CatalogRefusal PostgresConnection::Inside::refusal(bool& is_open) const {
  return refusal_of_caught(url, name, is_open);
}

// A transaction of libpqxx as statements of the catalog. An error is kept in values from here on.
class PostgresConnection::Session final : public SqlSession {
 public:
  Session(PostgresConnection& connection, pqxx::transaction_base& transaction)
      : connection_(connection), transaction_(transaction) {}

  CatalogResult<SqlRows> run(std::string_view statement, std::span<const SqlValue> values) override {
    try {
      return run_in(transaction_, statement, values);
    } catch (...) {
      return std::unexpected(connection_.inside_->refusal(connection_.is_open_));
    }
  }
  CatalogResult<void> announce(int64_t revision) override {
    const SqlRow values = {std::string(kRevisionChannel), std::to_string(revision)};
    auto told = run("SELECT pg_notify($1,$2)", values);
    if (!told) return std::unexpected(std::move(told.error()));
    return {};
  }

 private:
  PostgresConnection& connection_;
  pqxx::transaction_base& transaction_;
};

PostgresConnection::PostgresConnection(std::unique_ptr<Inside> inside) : inside_(std::move(inside)) {}
PostgresConnection::~PostgresConnection() = default;

CatalogResult<std::unique_ptr<PostgresConnection>> PostgresConnection::open(const std::string& url) {
  try {
    return std::unique_ptr<PostgresConnection>(new PostgresConnection(std::make_unique<Inside>(url)));
  } catch (...) {
    bool is_open = false;
    return std::unexpected(refusal_of_caught(url, postgres_name(url), is_open));
  }
}

int PostgresConnection::socket() const {
  return inside_->connection.sock();
}

CatalogResult<SqlRows> PostgresConnection::ask(std::string_view statement, std::span<const SqlValue> values) {
  try {
    pqxx::nontransaction alone(inside_->connection);
    return run_in(alone, statement, values);
  } catch (...) {
    return std::unexpected(inside_->refusal(is_open_));
  }
}

CatalogResult<void> PostgresConnection::transact(PostgresTransaction kind, const SqlDatabase::Work& work) {
  const auto in = [&](auto& transaction) -> CatalogResult<void> {
    if (kind == PostgresTransaction::kWrite) {
      transaction.exec(
          fmt::format("SET LOCAL lock_timeout={};SET LOCAL statement_timeout={};"
                      "SELECT pg_advisory_xact_lock({})",
                      kLockMs, kStatementMs, kWriterLock));
    }
    Session session(*this, transaction);
    auto done = work(session);
    if (!done) {
      transaction.abort();
      return done;
    }
    transaction.commit();
    return {};
  };
  try {
    if (kind == PostgresTransaction::kRead) {
      pqxx::transaction<pqxx::repeatable_read, pqxx::read_only> transaction(inside_->connection);
      return in(transaction);
    }
    pqxx::work transaction(inside_->connection);
    return in(transaction);
  } catch (...) {
    return std::unexpected(inside_->refusal(is_open_));
  }
}

}  // namespace rateguard::catalog

#include "catalog/sqlite/sqlite_database.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>
#include <utility>
#include <variant>

namespace rateguard::catalog {
namespace {

// As many as threads of a pool that reads at a time; more are closed again.
constexpr size_t kIdleReadersMax = 16;

// As long as a connection waits for another's write (sqlite_connection.cc), in steps that nobody notices at a start.
constexpr std::chrono::seconds kPreparePatience(5);
constexpr std::chrono::milliseconds kPreparePause(10);

constexpr SqlDialect kDialect = {.text_type = "TEXT",  // compared by memcmp unless told otherwise
                                 .integer_type = "INTEGER",
                                 .bytes_type = "BLOB",
                                 .table_options = "STRICT",
                                 .has_table = "SELECT COUNT(*) FROM sqlite_schema WHERE type='table' AND name=$1"};

// Makes an empty file that only its owner may read: SQLite gives the files beside it the same permissions.
CatalogResult<void> make_file(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (descriptor >= 0) {
    ::close(descriptor);
    return {};
  }
  if (errno == EEXIST) return {};  // another process was quicker
  const CatalogFault fault = errno == ENOSPC || errno == EDQUOT ? CatalogFault::kFull : CatalogFault::kUnavailable;
  return refuse(fault, fmt::format("{}: it cannot be made: {}", path, std::strerror(errno)));
}

// What "PRAGMA application_id" answered.
bool is_ours(const SqlRows& rows) {
  const int64_t* const id = rows.size() == 1 ? std::get_if<int64_t>(&rows.front().front()) : nullptr;
  return id != nullptr && *id == SqliteDatabase::kApplicationId;
}

// Whether the file is ours, told without a trace. An empty file may become ours. Only the head is looked at: the rest
// may be written to meanwhile by those who have it open.
CatalogResult<void> inspect(const std::string& path, off_t bytes) {
  if (bytes == 0) return {};
  auto connection = SqliteConnection::open(path, SqliteAccess::kInspect);
  if (!connection) return std::unexpected(std::move(connection.error()));
  const auto head = (*connection)->head();
  if (!head) return std::unexpected(head.error());
  // https://www.sqlite.org/fileformat2.html#the_database_header
  constexpr std::string_view kMagic("SQLite format 3\0", 16);
  constexpr size_t kApplicationIdAt = 68;
  if (std::string_view(head->data(), kMagic.size()) != kMagic) {
    return refuse(CatalogFault::kForeign,
                  path + ": it is not a SQLite database and was left untouched: name another file, or move it away");
  }
  int64_t id = 0;
  for (size_t i = 0; i < 4; ++i) id = id << 8 | static_cast<unsigned char>((*head)[kApplicationIdAt + i]);
  if (id == SqliteDatabase::kApplicationId) return {};
  return refuse(CatalogFault::kForeign,
                path + ": it is a SQLite database of another program and was left untouched: name another file");
}

CatalogResult<void> settle(SqliteConnection& writer, std::string_view pragma) {
  auto done = writer.run(pragma);
  if (!done) return std::unexpected(std::move(done.error()));
  return {};
}

CatalogResult<void> try_to_prepare(SqliteConnection& writer) {
  // The mark stands in the file itself before WAL mode begins, where inspect() looks for it.
  const std::string mark = fmt::format("PRAGMA application_id={}", SqliteDatabase::kApplicationId);
  const auto id = writer.run("PRAGMA application_id");
  if (!id) return std::unexpected(id.error());
  CatalogResult<void> done;
  if (!is_ours(*id)) done = settle(writer, mark);
  for (const std::string_view pragma : {"PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL",
                                        "PRAGMA journal_size_limit=67108864", "PRAGMA cache_size=-16384"}) {
    if (done) done = settle(writer, pragma);
  }
  return done;
}

// Two processes that make a file together can be in each other's way so that SQLite does not wait but refuses one.
CatalogResult<void> prepare_writer(SqliteConnection& writer) {
  const auto until = std::chrono::steady_clock::now() + kPreparePatience;
  while (true) {
    auto done = try_to_prepare(writer);
    const bool is_busy = !done && done.error().fault == CatalogFault::kUnavailable;
    if (!is_busy || std::chrono::steady_clock::now() >= until) return done;
    std::this_thread::sleep_for(kPreparePause);
  }
}

class SqliteSession final : public SqlSession {
 public:
  explicit SqliteSession(SqliteConnection& connection) : connection_(connection) {}
  CatalogResult<SqlRows> run(std::string_view statement, std::span<const SqlValue> values) override {
    return connection_.run(statement, values);
  }
  CatalogResult<void> announce(int64_t) override { return {}; }

 private:
  SqliteConnection& connection_;
};

CatalogResult<void> execute(SqliteConnection& connection, std::string_view statement) {
  auto done = connection.run(statement);
  if (!done) return std::unexpected(std::move(done.error()));
  return {};
}

}  // namespace

CatalogResult<std::unique_ptr<SqlDatabase>> SqliteDatabase::open(const std::string& path) {
  struct stat status = {};
  CatalogResult<void> done;
  if (::stat(path.c_str(), &status) != 0) {
    done = make_file(path);
  } else if (!S_ISREG(status.st_mode)) {
    done = refuse(CatalogFault::kForeign, path + ": it is not a file: name one for the catalog");
  } else {
    done = inspect(path, status.st_size);
  }
  if (!done) return std::unexpected(std::move(done.error()));
  auto writer = SqliteConnection::open(path, SqliteAccess::kReadWrite);
  if (!writer) return std::unexpected(std::move(writer.error()));
  done = prepare_writer(**writer);
  if (!done) return std::unexpected(std::move(done.error()));
  return std::unique_ptr<SqlDatabase>(new SqliteDatabase(path, std::move(*writer)));
}

SqliteDatabase::SqliteDatabase(std::string path, std::unique_ptr<SqliteConnection> writer)
    : path_(std::move(path)),
      file_(identity_of(path_)),
      writer_(std::move(writer)),
      group_([this](std::span<GroupCommit::Job* const> jobs) { make(jobs); }) {}

SqliteDatabase::FileIdentity SqliteDatabase::identity_of(const std::string& path) {
  struct stat status = {};
  if (::stat(path.c_str(), &status) != 0) return {};
  return {.device = status.st_dev, .inode = status.st_ino};
}

CatalogResult<void> SqliteDatabase::is_still_there() const {
  if (identity_of(path_) == file_) return {};
  return refuse(CatalogFault::kUnavailable,
                path_ + ": the file was removed or replaced while it was in use; put it back, or start again");
}

const SqlDialect& SqliteDatabase::dialect() const {
  return kDialect;
}

CatalogResult<std::unique_ptr<SqliteConnection>> SqliteDatabase::take_reader() {
  if (auto there = is_still_there(); !there) return std::unexpected(std::move(there.error()));
  {
    HeldLock lock(mutex_);
    if (!readers_.empty()) {
      auto reader = std::move(readers_.back());
      readers_.pop_back();
      return reader;
    }
  }
  return SqliteConnection::open(path_, SqliteAccess::kReadOnly);
}

void SqliteDatabase::give_back(std::unique_ptr<SqliteConnection> reader) {
  HeldLock lock(mutex_);
  if (readers_.size() < kIdleReadersMax) readers_.push_back(std::move(reader));
}

CatalogResult<SqlRows> SqliteDatabase::ask(std::string_view statement, std::span<const SqlValue> values) {
  auto reader = take_reader();
  if (!reader) return std::unexpected(std::move(reader.error()));
  auto rows = (*reader)->run(statement, values);
  give_back(std::move(*reader));
  return rows;
}

CatalogResult<void> SqliteDatabase::read(const Work& work) {
  auto reader = take_reader();
  if (!reader) return std::unexpected(std::move(reader.error()));
  SqliteConnection& connection = **reader;
  auto result = execute(connection, "BEGIN");
  if (result) {
    SqliteSession session(connection);
    result = work(session);
    const auto ended = execute(connection, "ROLLBACK");
    if (result && !ended) result = ended;
  }
  if (!connection.is_in_transaction()) give_back(std::move(*reader));
  return result;
}

CatalogResult<void> SqliteDatabase::write(const Work& work) {
  return group_.write([&] {
    SqliteSession session(*writer_);
    return work(session);
  });
}

void SqliteDatabase::make(std::span<GroupCommit::Job* const> jobs) {
  CatalogResult<void> whole = is_still_there();
  if (whole) whole = execute(*writer_, "BEGIN IMMEDIATE");
  for (GroupCommit::Job* const job : jobs) {
    if (whole) whole = execute(*writer_, "SAVEPOINT job");
    if (!whole) break;
    job->result = (*job->work)();
    // After some errors, a full disk among them, SQLite has ended the transaction by itself; with it those before.
    if (!writer_->is_in_transaction()) {
      whole = *job->result ? refuse(CatalogFault::kUnavailable, path_ + ": a transaction has ended by itself")
                           : *job->result;
      break;
    }
    if (!*job->result) whole = execute(*writer_, "ROLLBACK TO job");
    if (whole) whole = execute(*writer_, "RELEASE job");
  }
  if (whole) whole = execute(*writer_, "COMMIT");
  if (writer_->is_in_transaction()) (void)execute(*writer_, "ROLLBACK");
  if (whole) return;
  for (GroupCommit::Job* const job : jobs) {
    if (!job->result || *job->result) job->result = whole;
  }
}

}  // namespace rateguard::catalog

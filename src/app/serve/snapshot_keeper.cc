#include "app/serve/snapshot_keeper.h"

#include <fmt/format.h>

#include <utility>

#include "app/serve/snapshot_folder.h"
#include "net/clock.h"
#include "store/memory/snapshot.h"

namespace rateguard::app {

SnapshotKeeper::SnapshotKeeper(MemoryStore& store, std::string path, Duration interval, Log& log)
    : store_(store), path_(std::move(path)), interval_(interval), log_(log) {}

Result<void> SnapshotKeeper::restore(Duration patience) {
  const auto folder = make_snapshot_folder(path_);
  if (!folder) return std::unexpected(folder.error());
  if (*folder == FolderWas::kMade) log_.write(LogLevel::kInfo, "data folder made", {{"for", path_}});
  auto taken = SnapshotLock::take(path_, patience, [this](const std::string& holder) {
    log_.write(LogLevel::kInfo, "waiting for the service that is stopping, and for its counters",
               {{"process", holder}, {"file", path_}});
  });
  if (!taken) return std::unexpected(taken.error());
  lock_ = *std::move(taken);
  if (const auto good = try_snapshot_folder(path_); !good) return good;
  const Instant now = net::SystemClock().now();
  metrics_.begin(net::SystemClock().read().wall());
  const auto loaded = load_snapshot(store_, path_, now);
  if (loaded) {
    {
      const HeldLock lock(mutex_);
      has_snapshot_ = true;
    }
    log_.write(LogLevel::kInfo, "counters restored",
               {{"file", path_}, {"keys", static_cast<int64_t>(loaded->counters)}});
    return {};
  }
  if (loaded.error().code == ErrorCode::kNotFound) return {};
  const ErrorCode why = loaded.error().code;
  if (why != ErrorCode::kCorrupt && why != ErrorCode::kInvalid) return std::unexpected(loaded.error());
  const auto aside = set_aside(path_, why, now);
  if (!aside) return std::unexpected(aside.error());
  const std::string_view message = why == ErrorCode::kCorrupt
                                       ? "the snapshot is damaged; starting on empty counters"
                                       : "the snapshot is of another version of the program; starting on empty "
                                         "counters. Rename it back for that version";
  log_.write(LogLevel::kError, message, {{"why", loaded.error().to_string()}, {"set_aside_as", *aside}});
  return {};
}

void SnapshotKeeper::say_stopping() {
  if (lock_ != nullptr) lock_->say_stopping();
}

void SnapshotKeeper::start(net::EventLoop& loop, net::BlockingPool& pool) {
  timer_ = loop.every(interval_, [this, &pool] { save_beside(pool); });
}

// A failure is logged, counted and told by state(); the next attempt follows. So it is where the pool has no room.
void SnapshotKeeper::save_beside(net::BlockingPool& pool) {
  if (!begins_saving()) return;
  const auto submitted = pool.submit([this] {
    (void)save();
    ends_saving();
  });
  if (!submitted) ends_saving();
}

bool SnapshotKeeper::begins_saving() {
  const HeldLock lock(mutex_);
  return !std::exchange(is_saving_, true);
}

bool SnapshotKeeper::is_saving() const {
  const HeldLock lock(mutex_);
  return is_saving_;
}

void SnapshotKeeper::ends_saving() {
  const HeldLock lock(mutex_);
  is_saving_ = false;
}

Result<void> SnapshotKeeper::finish() {
  timer_.cancel();
  const auto saved = save();
  if (!saved) {
    log_.write(LogLevel::kError, "ending nevertheless; counts since the last snapshot are lost", {{"file", path_}});
  }
  return saved;
}

server::Dependency SnapshotKeeper::state(Instant now) const {
  const HeldLock lock(mutex_);
  server::Dependency state{.name = "snapshots", .ready = problem_.empty(), .detail = {}, .vital = false};
  if (!state.ready) {
    state.detail = fmt::format("the counters could not be saved; {}: {}", what_remains(), problem_);
  } else if (const auto last_success = metrics_.last_success()) {
    state.detail = fmt::format("counters saved {} s ago", (now - *last_success).us / 1'000'000);
  } else {
    state.detail = "the folder can be written to; nothing has been saved yet";
  }
  return state;
}

std::string_view SnapshotKeeper::what_remains() const {
  return has_snapshot_ ? "the last snapshot stays" : "there is no snapshot yet";
}

Result<void> SnapshotKeeper::save() {
  const Now now = net::SystemClock().read();
  const auto saved = save_snapshot(store_, path_, now);
  std::string_view remains;
  {
    const HeldLock lock(mutex_);
    if (saved) {
      metrics_.count_success(now.wall(), saved->bytes);
      has_snapshot_ = true;
      problem_.clear();
    } else {
      metrics_.count_failure();
      problem_ = saved.error().to_string();
    }
    remains = what_remains();
  }
  if (saved) {
    log_.write(LogLevel::kDebug, "counters saved", {{"file", path_}, {"bytes", static_cast<int64_t>(saved->bytes)}});
    return {};
  }
  log_.write(LogLevel::kError, fmt::format("the counters could not be saved; {}", remains),
             {{"why", saved.error().to_string()}});
  return std::unexpected(saved.error());
}

}  // namespace rateguard::app

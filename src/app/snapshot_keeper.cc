#include "app/snapshot_keeper.h"

#include <chrono>
#include <utility>

#include "net/clock.h"
#include "store/memory/snapshot.h"

namespace rateguard::app {

using config::LogLevel;

SnapshotKeeper::SnapshotKeeper(MemoryStore& store, std::string path, Duration interval, server::Log& log)
    : store_(store), path_(std::move(path)), interval_(interval), log_(log) {}

SnapshotKeeper::~SnapshotKeeper() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

Result<void> SnapshotKeeper::restore() {
  const Instant now = net::SystemClock().now();
  const auto loaded = load_snapshot(store_, path_, now);
  if (loaded) {
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

void SnapshotKeeper::start() {
  thread_ = std::thread([this] { run(); });
}

void SnapshotKeeper::finish() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
  save();
}

metrics::SnapshotFigures SnapshotKeeper::figures() const {
  const std::lock_guard lock(mutex_);
  return figures_;
}

void SnapshotKeeper::run() {
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, std::chrono::microseconds(interval_.us), [this] { return stopping_; })) {
    lock.unlock();
    save();
    lock.lock();
  }
}

void SnapshotKeeper::save() {
  const Now now = net::SystemClock().read();
  const auto saved = save_snapshot(store_, path_, now);
  {
    const std::lock_guard lock(mutex_);
    if (saved) {
      figures_.last_success = now.wall();
      figures_.last_bytes = saved->bytes;
    } else {
      ++figures_.failures;
    }
  }
  if (saved) {
    log_.write(LogLevel::kDebug, "counters saved", {{"file", path_}, {"bytes", static_cast<int64_t>(saved->bytes)}});
  } else {
    log_.write(LogLevel::kError, "the counters could not be saved; the last snapshot stays",
               {{"why", saved.error().to_string()}});
  }
}

}  // namespace rateguard::app

#include "app/serve/snapshot_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <optional>
#include <thread>
#include <utility>

#include "app/serve/snapshot_folder.h"

namespace rateguard::app {
namespace {

constexpr const char* kStopping = "stopping";
// How often a lock that is about to become free is tried.
constexpr Duration kTryAgain = Duration::millis(20);

// "4711", or "4711 stopping". Empty: the holder has not written it yet.
std::string state_of(int descriptor) {
  std::array<char, 64> text = {};
  const ssize_t size = ::pread(descriptor, text.data(), text.size(), 0);
  std::string state(text.data(), size > 0 ? static_cast<size_t>(size) : 0);
  return state.substr(0, state.find('\n'));
}

std::string process_in(const std::string& state) {
  return state.empty() ? "unknown" : state.substr(0, state.find(' '));
}

Error taken(const std::string& snapshot_path, const std::string& state) {
  return {.code = ErrorCode::kIo,
          .message = fmt::format("another service (process {}) keeps its counters in {}; stop it first, or give this "
                                 "one another folder with --data or the store's snapshot",
                                 process_in(state), snapshot_path)};
}

}  // namespace

Result<std::unique_ptr<SnapshotLock>> SnapshotLock::take(const std::string& snapshot_path, Duration patience,
                                                         const std::function<void(const std::string&)>& on_wait) {
  const std::string path = snapshot_path + ".lock";
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0) {
    return std::unexpected(cannot_keep(snapshot_path, fmt::format("cannot open {}: {}", path, strerror(errno))));
  }
  std::unique_ptr<SnapshotLock> lock(new SnapshotLock(descriptor));
  bool told = false;
  while (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    if (errno == EINTR) continue;
    if (errno == ENOLCK || errno == EOPNOTSUPP) break;
    if (errno != EWOULDBLOCK) {
      return std::unexpected(cannot_keep(snapshot_path, fmt::format("cannot lock {}: {}", path, strerror(errno))));
    }
    const std::string state = state_of(descriptor);
    if (!state.ends_with(kStopping) || patience.us <= 0) return std::unexpected(taken(snapshot_path, state));
    if (!std::exchange(told, true)) on_wait(process_in(state));
    std::this_thread::sleep_for(std::chrono::microseconds(kTryAgain.us));
    patience = {patience.us - kTryAgain.us};
  }
  lock->write_state(std::to_string(::getpid()));
  return lock;
}

SnapshotLock::~SnapshotLock() {
  ::close(descriptor_);
}

void SnapshotLock::say_stopping() {
  write_state(fmt::format("{} {}", ::getpid(), kStopping));
}

// What cannot be written is missing from a message to somebody else: the lock holds nevertheless.
void SnapshotLock::write_state(const std::string& state) {
  const std::string line = state + '\n';
  if (::ftruncate(descriptor_, 0) != 0) return;
  (void)!::pwrite(descriptor_, line.data(), line.size(), 0);
}

}  // namespace rateguard::app

// One service to a snapshot: two that write the same file would each lose what the other has counted.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "model/instant.h"

namespace rateguard::app {

// Holds `SNAPSHOT.lock` (flock(2)), which says who does. The system lets go of it when the process ends, however it
// ends; the file stays. On a file system without such locks nobody is kept out.
class SnapshotLock {
 public:
  // While the holder is stopping, as in an upgrade, its lock is waited for, for up to `patience`; `on_wait` is called
  // once if so. Errors: kIo if another service holds it, with its process id, or if the file cannot be used.
  static Result<std::unique_ptr<SnapshotLock>> take(const std::string& snapshot_path, Duration patience,
                                                    const std::function<void(const std::string& holder)>& on_wait);
  ~SnapshotLock();
  SnapshotLock(const SnapshotLock&) = delete;
  SnapshotLock& operator=(const SnapshotLock&) = delete;

  // From here on others wait for it.
  void say_stopping();

 private:
  explicit SnapshotLock(int descriptor) : descriptor_(descriptor) {}
  void write_state(const std::string& state);

  int descriptor_;
};

}  // namespace rateguard::app

// Reports when the content of files has changed, however that happened: written in place, replaced by a rename,
// removed, or swapped below a symbolic link, as Kubernetes does with its "..data" directory. A file that has just been
// emptied is being written: it has changed only if the next look finds it empty too.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "net/blocking_pool.h"
#include "net/event_loop.h"

namespace rateguard::net {

struct FileWatcherOptions {
  // Changes that follow one another within this time are reported once: an editor writes in several steps.
  Duration debounce = Duration::millis(200);
  // Also looks this often, for file systems that report nothing and directories that were replaced.
  Duration look_every = Duration::seconds(5);
  // Where files are read, so that a slow disk does not stop the loop. It is stopped before the loop is destroyed. Null:
  // on the loop.
  BlockingPool* pool = nullptr;
  // Work of this key is done between looks, in the order in which it was submitted.
  BlockingPool::Key key = BlockingPool::kNoOrder;
  // kOnPool: the first look, which changes are compared with, is the pool's next work of that key.
  enum class FirstLook : uint8_t { kAtOnce, kOnPool } first_look = FirstLook::kAtOnce;
};

// Used on its loop's thread; destroyed before its loop.
class FileWatcher final : public ReadyHandler {
 public:
  // `on_change` gets the files whose content has changed since the last report (at first: since the first look), in the
  // order given. A missing file differs from every file that is there. A directory's content is its regular
  // files, with their names and changes; those of directories in it do not count. What is neither is not opened, since
  // a named pipe would be waited for. Errors: kIo if the system gives no inotify descriptor.
  static Result<std::unique_ptr<FileWatcher>> create(EventLoop& loop, std::vector<std::string> files,
                                                     std::function<void(const std::vector<std::string>&)> on_change,
                                                     const FileWatcherOptions& options = {});
  ~FileWatcher();
  FileWatcher(const FileWatcher&) = delete;
  FileWatcher& operator=(const FileWatcher&) = delete;

  // Looks when the debounce has passed: for a caller that knows of a change.
  void look_soon();
  void on_ready(uint32_t events) override;

 private:
  class Files;

  FileWatcher(EventLoop& loop, int inotify, std::shared_ptr<Files> files,
              std::function<void(const std::vector<std::string>&)> on_change, const FileWatcherOptions& options);
  Result<void> listen();
  void discard_events();
  void look();
  void looked(const std::vector<std::string>& changed);

  EventLoop& loop_;
  const int inotify_;  // owned by `files_`, which a look may hold for longer
  std::shared_ptr<Files> files_;
  std::function<void(const std::vector<std::string>&)> on_change_;
  FileWatcherOptions options_;
  Timer looking_;
  Timer soon_;
  bool listens_ = false;
  bool look_is_due_ = false;
  bool looks_ = false;                                                          // the pool has it look
  bool look_again_ = false;                                                     // something has changed meanwhile
  std::shared_ptr<FileWatcher*> alive_ = std::make_shared<FileWatcher*>(this);  // a look may outlive this
};

}  // namespace rateguard::net

// Reports when the content of files has changed, however that happened: written in place, replaced by a rename,
// removed, or swapped below a symbolic link, as Kubernetes does with its "..data" directory.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "net/event_loop.h"

namespace rateguard::net {

struct FileWatcherOptions {
  // Changes that follow one another within this time are reported once: an editor writes in several steps.
  Duration debounce = Duration::millis(200);
  // Also looks this often, for file systems that report nothing and directories that were replaced.
  Duration look_every = Duration::seconds(5);
};

// Used on its loop's thread; destroyed before its loop. Files are read on the loop, so they should be small.
class FileWatcher final : public ReadyHandler {
 public:
  // `on_change` gets the files whose content has changed since the last report (at first: since the watcher was made),
  // in the order given. A missing file differs from every file that is there. A directory's content is its regular
  // files, with their names and changes; those of directories in it do not count. Errors: kIo if the system gives no
  // inotify descriptor.
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
  // What tells two states of a file apart: the cheap part first, then a hash of the content.
  struct Fingerprint {
    bool exists = false;
    uint64_t device = 0;
    uint64_t inode = 0;
    int64_t size = 0;
    int64_t changed_ns = 0;  // ctime: no writer can set it back
    uint64_t content_hash = 0;
  };

  FileWatcher(EventLoop& loop, int inotify, std::vector<std::string> files,
              std::function<void(const std::vector<std::string>&)> on_change, const FileWatcherOptions& options);
  void watch_directories();
  void look();
  static Fingerprint read_fingerprint(const std::string& file, const Fingerprint& last);

  EventLoop& loop_;
  int inotify_;
  std::vector<std::string> files_;
  std::vector<Fingerprint> fingerprints_;
  std::function<void(const std::vector<std::string>&)> on_change_;
  FileWatcherOptions options_;
  Timer looking_;
  Timer soon_;
  bool look_is_due_ = false;
};

}  // namespace rateguard::net

#include "net/file_watcher.h"

#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string_view>
#include <system_error>
#include <utility>

namespace rateguard::net {
namespace {

constexpr uint32_t kEvents =
    IN_CLOSE_WRITE | IN_MODIFY | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ATTRIB;

// Every file of a directory by name, with what tells two contents of it apart. Links are followed.
std::string listing_of(const std::string& directory) {
  std::vector<std::string> lines;
  std::error_code error;
  std::filesystem::directory_iterator at(directory, error);
  for (; !error && at != std::filesystem::directory_iterator(); at.increment(error)) {
    struct stat status{};
    if (::stat(at->path().c_str(), &status) != 0 || !S_ISREG(status.st_mode)) continue;
    lines.push_back(at->path().filename().string() + '\0' + std::to_string(status.st_dev) + ' ' +
                    std::to_string(status.st_ino) + ' ' + std::to_string(status.st_size) + ' ' +
                    std::to_string(status.st_ctim.tv_sec) + ' ' + std::to_string(status.st_ctim.tv_nsec));
  }
  std::ranges::sort(lines);
  std::string all;
  for (const std::string& line : lines) all += line + '\n';
  return all;
}

std::string directory_of(const std::filesystem::path& file) {
  const std::filesystem::path parent = file.parent_path();
  return parent.empty() ? "." : parent.string();
}

// Reads of events in one turn of the loop: some two thousand events. What is left comes in a later turn.
constexpr int kReadsMax = 16;

}  // namespace

// What a look uses, on whichever thread it is. One look at a time.
class FileWatcher::Files {
 public:
  Files(int inotify, std::vector<std::string> names)
      : inotify_(inotify), names_(std::move(names)), fingerprints_(names_.size()) {}
  ~Files() { ::close(inotify_); }
  Files(const Files&) = delete;
  Files& operator=(const Files&) = delete;

  // Those whose content differs from that of the last look; at the first, none.
  std::vector<std::string> look();

 private:
  // What tells two states of a file apart: the cheap part first, then a hash of the content.
  struct Fingerprint {
    bool exists = false;
    uint64_t device = 0;
    uint64_t inode = 0;
    int64_t size = 0;
    int64_t changed_ns = 0;  // ctime: no writer can set it back
    uint64_t content_hash = 0;
    bool is_empty = false;     // and a file, which a directory is not
    bool was_emptied = false;  // since the last look: who writes a file in place empties it first
  };

  static Fingerprint read_fingerprint(const std::string& file, const Fingerprint& last);
  void watch_directories();

  const int inotify_;
  const std::vector<std::string> names_;
  std::vector<Fingerprint> fingerprints_;
  bool has_looked_ = false;
};

std::vector<std::string> FileWatcher::Files::look() {
  watch_directories();
  std::vector<std::string> changed;
  for (size_t i = 0; i < names_.size(); ++i) {
    Fingerprint& last = fingerprints_[i];
    const Fingerprint now = read_fingerprint(names_[i], last);
    const bool differs = now.exists != last.exists || now.content_hash != last.content_hash;
    const bool is_emptied = differs && now.is_empty && last.exists && !last.is_empty;
    if (is_emptied && !std::exchange(last.was_emptied, true)) continue;
    last = now;
    if (differs && has_looked_) changed.push_back(names_[i]);
  }
  has_looked_ = true;
  return changed;
}

// The directory that names the file reports a rename and a swapped link; the one where the file really is reports
// writes. Watching a directory twice changes nothing.
void FileWatcher::Files::watch_directories() {
  for (const std::string& file : names_) {
    inotify_add_watch(inotify_, directory_of(file).c_str(), kEvents);
    std::error_code error;
    const std::filesystem::path real = std::filesystem::canonical(file, error);
    if (!error) inotify_add_watch(inotify_, directory_of(real).c_str(), kEvents);
    if (std::filesystem::is_directory(file, error)) inotify_add_watch(inotify_, file.c_str(), kEvents);
  }
}

FileWatcher::Files::Fingerprint FileWatcher::Files::read_fingerprint(const std::string& file, const Fingerprint& last) {
  Fingerprint now;
  struct stat status{};
  if (::stat(file.c_str(), &status) != 0) return now;
  now.exists = true;
  now.device = status.st_dev;
  now.inode = status.st_ino;
  now.size = status.st_size;
  now.changed_ns = int64_t{status.st_ctim.tv_sec} * 1'000'000'000 + status.st_ctim.tv_nsec;
  if (S_ISDIR(status.st_mode)) {  // whose times do not show a file written in place
    now.content_hash = std::hash<std::string>{}(listing_of(file));
    return now;
  }
  if (!S_ISREG(status.st_mode)) return now;
  now.is_empty = status.st_size == 0;
  const bool untouched = last.exists && now.device == last.device && now.inode == last.inode && now.size == last.size &&
                         now.changed_ns == last.changed_ns;
  if (untouched) {
    now.content_hash = last.content_hash;
    return now;
  }
  std::ifstream stream(file, std::ios::binary);
  const std::string content((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
  // A file that cannot be read differs from an empty one.
  now.content_hash = std::hash<std::string_view>{}(content) ^ (stream.bad() || !stream.is_open() ? 1 : 0);
  return now;
}

Result<std::unique_ptr<FileWatcher>> FileWatcher::create(EventLoop& loop, std::vector<std::string> files,
                                                         std::function<void(const std::vector<std::string>&)> on_change,
                                                         const FileWatcherOptions& options) {
  const int inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (inotify < 0) return fail(ErrorCode::kIo, std::string("cannot watch files: ") + std::strerror(errno));
  std::unique_ptr<FileWatcher> watcher(new FileWatcher(
      loop, inotify, std::make_shared<Files>(inotify, std::move(files)), std::move(on_change), options));
  if (auto listens = watcher->listen(); !listens) return std::unexpected(listens.error());
  return watcher;
}

FileWatcher::FileWatcher(EventLoop& loop, int inotify, std::shared_ptr<Files> files,
                         std::function<void(const std::vector<std::string>&)> on_change,
                         const FileWatcherOptions& options)
    : loop_(loop), inotify_(inotify), files_(std::move(files)), on_change_(std::move(on_change)), options_(options) {
  if (options_.pool != nullptr && options_.first_look == FileWatcherOptions::FirstLook::kOnPool) {
    look();
  } else {
    files_->look();
  }
  looking_ = loop_.every(options_.look_every, [this] { look(); });
}

FileWatcher::~FileWatcher() {
  if (listens_) loop_.unwatch(inotify_, *this);
}

Result<void> FileWatcher::listen() {
  if (std::exchange(listens_, true)) return {};
  auto watched = loop_.watch(inotify_, EPOLLIN, *this);
  listens_ = watched.has_value();
  return watched;
}

// Whatever happens until the look changes nothing, and a file that is written without pause would keep the loop busy:
// so it hears of no more events before.
void FileWatcher::on_ready(uint32_t) {
  loop_.unwatch(inotify_, *this);
  listens_ = false;
  // Which file it was does not matter: looking at all of them is cheap, and right for links too.
  look_soon();
}

void FileWatcher::discard_events() {
  std::array<char, 4'096> events;
  for (int i = 0; i < kReadsMax && ::read(inotify_, events.data(), events.size()) > 0; ++i) {
  }
}

void FileWatcher::look_soon() {
  if (std::exchange(look_is_due_, true)) return;
  soon_ = loop_.after(options_.debounce, [this] {
    look_is_due_ = false;
    discard_events();
    (void)listen();  // if that fails, it looks every now and then all the same
    look();
  });
}

void FileWatcher::look() {
  if (options_.pool == nullptr) return looked(files_->look());
  if (looks_) {
    look_again_ = true;
    return;
  }
  const auto ticket = options_.pool->submit(
      [&loop = loop_, files = files_, watcher = std::weak_ptr(alive_)] {
        auto changed = files->look();
        loop.post([watcher, changed = std::move(changed)] {
          if (const auto alive = watcher.lock()) (*alive)->looked(changed);
        });
      },
      options_.key);
  looks_ = ticket.has_value();  // a pool without room: it looks later
}

void FileWatcher::looked(const std::vector<std::string>& changed) {
  looks_ = false;
  if (std::exchange(look_again_, false)) look_soon();
  if (!changed.empty()) on_change_(changed);  // may destroy this
}

}  // namespace rateguard::net

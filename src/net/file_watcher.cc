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

}  // namespace

Result<std::unique_ptr<FileWatcher>> FileWatcher::create(EventLoop& loop, std::vector<std::string> files,
                                                         std::function<void(const std::vector<std::string>&)> on_change,
                                                         const FileWatcherOptions& options) {
  const int inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (inotify < 0) return fail(ErrorCode::kIo, std::string("cannot watch files: ") + std::strerror(errno));
  std::unique_ptr<FileWatcher> watcher(new FileWatcher(loop, inotify, std::move(files), std::move(on_change), options));
  if (auto watched = loop.watch(inotify, EPOLLIN, *watcher); !watched) return std::unexpected(watched.error());
  return watcher;
}

FileWatcher::FileWatcher(EventLoop& loop, int inotify, std::vector<std::string> files,
                         std::function<void(const std::vector<std::string>&)> on_change,
                         const FileWatcherOptions& options)
    : loop_(loop),
      inotify_(inotify),
      files_(std::move(files)),
      fingerprints_(files_.size()),
      on_change_(std::move(on_change)),
      options_(options) {
  watch_directories();
  for (size_t i = 0; i < files_.size(); ++i) fingerprints_[i] = read_fingerprint(files_[i], {});
  looking_ = loop_.every(options_.look_every, [this] { look(); });
}

FileWatcher::~FileWatcher() {
  loop_.unwatch(inotify_, *this);
  ::close(inotify_);
}

// The directory that names the file reports a rename and a swapped link; the one where the file really is reports
// writes. Watching a directory twice changes nothing.
void FileWatcher::watch_directories() {
  for (const std::string& file : files_) {
    inotify_add_watch(inotify_, directory_of(file).c_str(), kEvents);
    std::error_code error;
    const std::filesystem::path real = std::filesystem::canonical(file, error);
    if (!error) inotify_add_watch(inotify_, directory_of(real).c_str(), kEvents);
    if (std::filesystem::is_directory(file, error)) inotify_add_watch(inotify_, file.c_str(), kEvents);
  }
}

void FileWatcher::on_ready(uint32_t) {
  std::array<char, 4'096> events;
  while (::read(inotify_, events.data(), events.size()) > 0) {
  }
  // Which file it was does not matter: looking at all of them is cheap, and right for links too.
  look_soon();
}

void FileWatcher::look_soon() {
  if (std::exchange(look_is_due_, true)) return;
  soon_ = loop_.after(options_.debounce, [this] {
    look_is_due_ = false;
    look();
  });
}

void FileWatcher::look() {
  watch_directories();
  std::vector<std::string> changed;
  for (size_t i = 0; i < files_.size(); ++i) {
    const Fingerprint now = read_fingerprint(files_[i], fingerprints_[i]);
    const bool differs = now.exists != fingerprints_[i].exists || now.content_hash != fingerprints_[i].content_hash;
    fingerprints_[i] = now;
    if (differs) changed.push_back(files_[i]);
  }
  if (!changed.empty()) on_change_(changed);
}

FileWatcher::Fingerprint FileWatcher::read_fingerprint(const std::string& file, const Fingerprint& last) {
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

}  // namespace rateguard::net

#include "zoneinfo/database.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <system_error>
#include <utility>

#include "base/mutex.h"
#include "zoneinfo/tzif.h"

namespace rateguard::zoneinfo {
namespace {

constexpr size_t kNameBytesMax = 64;  // the longest of the database, America/Argentina/ComodRivadavia, has 32
constexpr size_t kVersionBytesMax = 128;

// At most `bytes_max` bytes from the front of a regular file. Errors: kNotFound, kIo, kInvalid if it is not a regular
// file.
Result<std::string> read_front(const std::string& path, size_t bytes_max) {
  // O_NONBLOCK: a FIFO is opened at once, and then refused.
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) {
    const int error = errno;
    const bool is_absent = error == ENOENT || error == ENOTDIR;
    return fail(is_absent ? ErrorCode::kNotFound : ErrorCode::kIo, std::generic_category().message(error));
  }
  struct stat status{};
  std::string bytes(bytes_max, '\0');
  size_t filled = 0;
  ssize_t got = 0;
  if (::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode)) {
    while (filled < bytes_max && (got = ::read(descriptor, bytes.data() + filled, bytes_max - filled)) > 0) {
      filled += static_cast<size_t>(got);
    }
  } else {
    got = -1;
    errno = EINVAL;
  }
  const int error = errno;
  ::close(descriptor);
  if (got < 0 && error == EINVAL) return invalid("it is not a regular file");
  if (got < 0) return fail(ErrorCode::kIo, std::generic_category().message(error));
  bytes.resize(filled);
  return bytes;
}

bool is_name_char(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '/' || c == '_' ||
         c == '-' || c == '+';
}

bool is_well_formed(std::string_view name) {
  return !name.empty() && name.size() <= kNameBytesMax && std::ranges::all_of(name, is_name_char) &&
         !name.starts_with('/') && !name.ends_with('/') && name.find("//") == std::string_view::npos;
}

std::unexpected<Error> refuse(std::string_view name, std::string_view why) {
  return invalid(fmt::format("time zone '{}' {}", name, why));
}

std::unexpected<Error> unknown(std::string_view name) {
  return invalid(
      fmt::format("unknown time zone '{}'; expected a name of the IANA database, such as Europe/Berlin", name));
}

// Refuses names that would open a file but do not name a zone.
Result<void> check_name(std::string_view name) {
  constexpr std::string_view kFolder = "zoneinfo/";
  if (name == "localtime") {
    return refuse(name,
                  "is whatever zone each machine is set to; write the name of the zone itself, such as Europe/Berlin "
                  "(`timedatectl` or `readlink /etc/localtime` shows this machine's)");
  }
  if (name == "Factory")
    return refuse(name, "says that no zone was ever set; write the name of a zone, such as Europe/Berlin");
  if (name == "posixrules") return refuse(name, "names no place; write the name of a zone, such as America/New_York");
  for (const std::string_view copies : {"posix/", "right/"}) {
    if (!name.starts_with(copies)) continue;
    return refuse(name, fmt::format("is a copy of '{}'; write that", name.substr(copies.size())));
  }
  if (const size_t at = name.find(kFolder); name.starts_with('/') && at != std::string_view::npos) {
    return refuse(name, fmt::format("is a path; write the name alone: '{}'", name.substr(at + kFolder.size())));
  }
  if (name.starts_with('/')) return refuse(name, "is a path; write the name of a zone, such as Europe/Berlin");
  if (!is_well_formed(name)) return unknown(name);
  return {};
}

}  // namespace

Result<ZoneRules> Database::read(const std::string& name) const {
  const auto bytes = read_front(folder_ + "/" + name, kTzifBytesMax + 1);
  if (!bytes && bytes.error().code == ErrorCode::kNotFound && ::access(folder_.c_str(), X_OK) != 0) {
    return fail(ErrorCode::kUnavailable,
                fmt::format("time zone '{}' needs the time zone database: there is no folder {} (package tzdata)", name,
                            folder_));
  }
  if (!bytes && bytes.error().code != ErrorCode::kIo) return unknown(name);
  auto rules = bytes ? read_tzif(*bytes) : std::unexpected(bytes.error());
  if (!rules) {
    return fail(ErrorCode::kCorrupt, fmt::format("time zone '{}': the file {}/{} cannot be used: {}", name, folder_,
                                                 name, rules.error().message));
  }
  return rules;
}

Result<const TimeZone*> Database::find(std::string_view name) {
  {
    const HeldSharedLock lock(mutex_);
    if (const auto found = zones_.find(name); found != zones_.end()) return &found->second;
  }
  if (const auto checked = check_name(name); !checked) return std::unexpected(checked.error());
  auto rules = read(std::string(name));
  if (!rules) return std::unexpected(rules.error());
  const HeldLock lock(mutex_);
  if (const auto found = zones_.find(name); found != zones_.end()) return &found->second;
  rules_.push_back(std::make_unique<const ZoneRules>(*std::move(rules)));
  return &zones_.try_emplace(std::string(name), std::string(name), *rules_.back()).first->second;
}

Database::Database(std::string folder) : folder_(std::move(folder)), version_(stated_version()) {}

Database::Refreshed Database::refresh() {
  Refreshed refreshed;
  std::string version = stated_version();
  const HeldLock lock(mutex_);
  version_ = std::move(version);
  for (auto& [name, zone] : zones_) {
    auto rules = read(name);
    if (!rules) {
      refreshed.problems.push_back(rules.error().message + "; the rules read before stay in force");
    } else if (*rules != zone.rules()) {
      rules_.push_back(std::make_unique<const ZoneRules>(*std::move(rules)));
      zone.rules_.store(rules_.back().get(), std::memory_order_release);
      refreshed.changed.push_back(name);
    }
  }
  return refreshed;
}

std::string Database::version() const {
  const HeldSharedLock lock(mutex_);
  return version_;
}

std::string Database::stated_version() const {
  // Debian, Fedora and others install the source in one file that begins "# version 2025b"; others a file +VERSION.
  constexpr std::string_view kPrefix = "# version ";
  const auto first_line = [&](const char* file) -> std::string {
    const auto bytes = read_front(folder_ + "/" + file, kVersionBytesMax);
    return bytes ? bytes->substr(0, bytes->find('\n')) : std::string();
  };
  const std::string line = first_line("tzdata.zi");
  std::string version = line.starts_with(kPrefix) ? line.substr(kPrefix.size()) : first_line("+VERSION");
  // It goes into logs and metrics: anything else that the file may contain stays out.
  if (!std::ranges::all_of(version, [](char c) { return is_name_char(c) || c == '.'; })) version.clear();
  return version;
}

Database& system_database() {
  static Database database([] {
    const char* folder = std::getenv("TZDIR");
    return std::string(folder != nullptr && *folder != '\0' ? folder : "/usr/share/zoneinfo");
  }());
  return database;
}

}  // namespace rateguard::zoneinfo

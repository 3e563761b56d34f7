// The zones of one folder of zone files, by name.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "base/result.h"
#include "zoneinfo/zone_rules.h"

namespace rateguard::zoneinfo {

// A zone in use. Its address stays valid as long as its database lives; its rules may be replaced by newer ones.
class TimeZone {
 public:
  TimeZone(std::string name, const ZoneRules& rules) : name_(std::move(name)), rules_(&rules) {}

  const std::string& name() const { return name_; }
  // Any thread. The result stays valid as long as the database lives; a computation reads it once.
  const ZoneRules& rules() const { return *rules_.load(std::memory_order_acquire); }

 private:
  friend class Database;

  std::string name_;
  std::atomic<const ZoneRules*> rules_;
};

// Every member is thread-safe.
class Database {
 public:
  // Reads the release's name, and no zone yet.
  explicit Database(std::string folder);

  // A zone by its name: "Europe/Berlin". Its file is read at the first call for it. Refuses names that mean another
  // zone on another machine ("localtime", "posixrules") or none ("Factory"), the copies below "posix/" and "right/",
  // and paths. Errors: kInvalid for a name, saying what to write; kCorrupt for a file that cannot be used; kUnavailable
  // if there is no database at all.
  Result<const TimeZone*> find(std::string_view name);

  // Reads the files of every zone in use again, and adopts their rules. A zone whose file cannot be used keeps its old
  // rules.
  struct Refreshed {
    std::vector<std::string> changed = {};   // names of zones whose rules have changed
    std::vector<std::string> problems = {};  // a sentence for each zone whose file cannot be used
  };
  Refreshed refresh();

  // The database's release, "2026f", as stated by its folder at construction or the last refresh; empty if it is not
  // stated.
  std::string version() const;

  const std::string& folder() const { return folder_; }

 private:
  Result<ZoneRules> read(const std::string& name) const;

  std::string stated_version() const;

  const std::string folder_;
  mutable SharedMutex mutex_;
  std::string version_ RG_GUARDED_BY(mutex_);
  std::map<std::string, TimeZone, std::less<>> zones_ RG_GUARDED_BY(mutex_);
  // Every rules object ever in use: readers hold no lock, so none is ever freed. There is one for each zone in use, and
  // one more for each change of its file.
  std::vector<std::unique_ptr<const ZoneRules>> rules_ RG_GUARDED_BY(mutex_);
};

// The database of this machine: the folder that the environment variable TZDIR names, as for tzset(3), or
// /usr/share/zoneinfo.
Database& system_database();

}  // namespace rateguard::zoneinfo

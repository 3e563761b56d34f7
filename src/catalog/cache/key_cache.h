// What is known of API keys, for all event loops of the process.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/mutex.h"
#include "catalog/cache/known_key.h"
#include "catalog/catalog_store.h"
#include "catalog/settings/catalog_settings.h"
#include "model/instant.h"

namespace rateguard::catalog {

struct KeyCacheOptions {
  // The keys that are kept: each takes some 350 bytes.
  size_t keys_max = 1'000'000;
  // Keys that nobody has, as they were guessed.
  size_t unknown_max = 65'536;
  Duration unknown_for = Duration::seconds(1);
  Duration stale_max = Duration::seconds(5);
  OnCatalogFailure on_failure = OnCatalogFailure::kDeny;
  // How long a database that has failed is not asked again by requests.
  Duration rest_after_failure = Duration::seconds(1);
};

struct KeyAnswer {
  enum class Status : uint8_t {
    kKnown,
    kUnknown,  // nobody has that key
    kFailure,  // the catalog cannot be asked, and what is known of the key, if anything, does not count
  };
  Status status = Status::kFailure;
  std::shared_ptr<const KnownKey> key = {};  // of kKnown
  bool is_stale = false;                     // not up to date, perhaps: served by on_catalog_failure
};

struct KeyCacheFigures {
  uint64_t keys = 0;
  uint64_t unknown = 0;  // remembered as such
  uint64_t hits = 0;     // looks that needed no database
  uint64_t unknown_hits = 0;
  uint64_t misses = 0;
  uint64_t stale = 0;     // answers that were served stale
  uint64_t failures = 0;  // answers that the catalog could not be asked for
  uint64_t loads = 0;     // reads of the database for a key
  uint64_t forgotten = 0;
  int64_t revision = 0;
  Instant heard_at = {};
};

// Thread-safe. `now` is the counters' time (model/instant.h).
class KeyCache {
 public:
  // Told once, on the thread that load() or give_up() runs on.
  using Answered = std::move_only_function<void(const KeyAnswer& answer)>;
  enum class Asked : uint8_t {
    kLoad,  // the caller sees to it that load() or give_up() is called
    kWait,  // somebody else does
  };

  // `store` outlives it. Until the first refresh() no key counts as known.
  KeyCache(CatalogStore& store, KeyCacheOptions options = {});
  KeyCache(const KeyCache&) = delete;
  KeyCache& operator=(const KeyCache&) = delete;

  // What can be said without asking the database; nullopt: ask() it.
  std::optional<KeyAnswer> look(const Sha256& sha256, Instant now);
  // Waits for what the database says of the key, together with all others who do.
  Asked ask(const Sha256& sha256, Answered answered);
  // Reads the key and tells all who wait for it. Blocks.
  void load(const Sha256& sha256, Instant now);
  // Tells all who wait for the key that the database could not be asked.
  void give_up(const Sha256& sha256);
  // The answer for somebody who has waited in vain. Others do not wait for some time.
  KeyAnswer answer_late(const Sha256& sha256, Instant now);

  // Asks what has changed since the last time and forgets it. Blocks; one call at a time. The revision that has been
  // applied: from now on nothing older is served.
  CatalogResult<int64_t> refresh(Instant now);

  // This key was used. Quick.
  void note_use(const std::shared_ptr<const KnownKey>& key, Instant wall);
  // The uses since the last call, each key once.
  std::vector<KeyUse> take_uses();

  // Whether the catalog's revision has been heard lately.
  bool is_fresh(Instant now) const {
    return now.us - heard_us_.load(std::memory_order_relaxed) <= options_.stale_max.us;
  }
  KeyCacheFigures figures() const;

 private:
  // The hash is one already.
  struct HashOfSha256 {
    size_t operator()(const Sha256& sha256) const noexcept {
      size_t hash = 0;
      std::memcpy(&hash, sha256.data(), sizeof(hash));
      return hash;
    }
  };
  using Keys = std::unordered_map<Sha256, std::shared_ptr<const KnownKey>, HashOfSha256>;
  struct Pending {
    bool has_changed = false;  // what is being read
    std::vector<Answered> waiting = {};
  };
  // Keys are dropped a half at a time: what has been used since the last time is in `young`.
  struct alignas(64) Shard {
    mutable Mutex mutex;
    Keys young RG_GUARDED_BY(mutex);
    Keys old RG_GUARDED_BY(mutex);
    std::unordered_map<Sha256, Instant, HashOfSha256> unknown RG_GUARDED_BY(mutex);  // until when
    std::unordered_map<Sha256, Pending, HashOfSha256> pending RG_GUARDED_BY(mutex);
    KeyCacheFigures figures RG_GUARDED_BY(mutex);
  };
  static constexpr size_t kShards = 64;

  Shard& shard_of(const Sha256& sha256) { return shards_[sha256.back() % kShards]; }
  std::shared_ptr<const KnownKey> find(Shard& shard, const Sha256& sha256) RG_REQUIRES(shard.mutex);
  void keep(Shard& shard, const Sha256& sha256, std::shared_ptr<const KnownKey> key) RG_REQUIRES(shard.mutex);
  void keep_unknown(Shard& shard, const Sha256& sha256, Instant now) RG_REQUIRES(shard.mutex);
  KeyAnswer answer_failure(Shard& shard, const Sha256& sha256) RG_REQUIRES(shard.mutex);
  bool rests(Instant now) const {
    return now.us - failed_us_.load(std::memory_order_relaxed) < options_.rest_after_failure.us;
  }

  CatalogResult<std::shared_ptr<const KnownKey>> read(const Sha256& sha256);
  CatalogResult<std::shared_ptr<const CachedWorkspace>> workspace(const std::string& id);
  CatalogResult<std::shared_ptr<const CachedPlan>> plan(const std::optional<std::string>& id);
  void finish(const Sha256& sha256, const KeyAnswer& answer);

  void forget(const RecordChange& change);
  void forget_key(const Sha256& sha256);
  void forget_everything();

  CatalogStore& store_;
  const KeyCacheOptions options_;
  RuleNames names_;
  std::array<Shard, kShards> shards_;
  std::atomic<int64_t> heard_us_ = INT64_MIN / 2;
  std::atomic<int64_t> failed_us_ = INT64_MIN / 2;
  std::atomic<int64_t> revision_ = 0;
  std::atomic<uint64_t> loads_ = 0;

  Mutex shared_mutex_;
  std::unordered_map<std::string, std::shared_ptr<const CachedWorkspace>> workspaces_ RG_GUARDED_BY(shared_mutex_);
  std::unordered_map<std::string, std::shared_ptr<const CachedPlan>> plans_ RG_GUARDED_BY(shared_mutex_);
  uint64_t shared_changes_ RG_GUARDED_BY(shared_mutex_) = 0;

  Mutex refresh_mutex_;
  CatalogState applied_ RG_GUARDED_BY(refresh_mutex_);

  Mutex uses_mutex_;
  std::vector<std::shared_ptr<const KnownKey>> uses_ RG_GUARDED_BY(uses_mutex_);
};

}  // namespace rateguard::catalog

// From the text that a request shows as its API key to what the catalog knows of it.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/counter.h"
#include "catalog/cache/key_cache.h"
#include "catalog/cache/key_verdict.h"
#include "metrics/source.h"
#include "net/blocking_pool.h"
#include "net/event_loop.h"
#include "net/tasks.h"

namespace rateguard::server {

struct FoundKey {
  catalog::KeyVerdict verdict = catalog::KeyVerdict::kMissing;  // kValid: judge() it
  std::shared_ptr<const catalog::KnownKey> key = {};            // of kValid
  bool is_stale = false;                                        // as KeyAnswer::is_stale
};

struct KeyFinderOptions {
  // How long a request waits for the database: longer than one that is busy takes, shorter than clients wait.
  Duration patience = Duration::seconds(1);
};

// One per event loop, on its thread. The cache outlives it, and the pool is stopped before the loop is destroyed.
class KeyFinder {
 public:
  KeyFinder(catalog::KeyCache& cache, net::BlockingPool& pool, net::EventLoop& loop, KeyFinderOptions options = {})
      : cache_(cache), pool_(pool), loop_(loop), options_(options) {}
  KeyFinder(const KeyFinder&) = delete;
  KeyFinder& operator=(const KeyFinder&) = delete;

  // `tasks`: of the calling task, which waits if it must; null: the caller is no task. nullopt: the database must be
  // asked, and nobody can wait for it here. A cancelled task is told kCatalogFailure.
  std::optional<FoundKey> find(std::string_view text, Now now, net::Tasks* tasks);

  // This key admitted a request.
  void note_use(const FoundKey& found, Now now) { cache_.note_use(found.key, now.wall()); }
  void count_refusal(catalog::KeyVerdict verdict) { refusals_[static_cast<size_t>(verdict)].add(); }
  // Any thread.
  uint64_t refusals(catalog::KeyVerdict verdict) const { return refusals_[static_cast<size_t>(verdict)].value(); }

 private:
  catalog::KeyAnswer wait(const catalog::Sha256& sha256, Now now, net::Tasks& tasks);

  catalog::KeyCache& cache_;
  net::BlockingPool& pool_;
  net::EventLoop& loop_;
  const KeyFinderOptions options_;
  std::array<Counter, catalog::kKeyVerdicts> refusals_;
  std::shared_ptr<char> alive_ = std::make_shared<char>();  // expired when an answer comes too late
};

// Refused keys of all loops: docs/metrics.md.
class KeyRefusalSource final : public metrics::Source {
 public:
  // Before the first scrape. `finder` outlives this.
  void add(const KeyFinder& finder) { finders_.push_back(&finder); }
  void report(metrics::Writer& out) const override;

 private:
  std::vector<const KeyFinder*> finders_;
};

}  // namespace rateguard::server

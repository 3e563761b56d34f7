#include "catalog/cache/key_cache.h"

#include <algorithm>
#include <utility>

namespace rateguard::catalog {
namespace {

// How often a key is read again because it changed while it was being read.
constexpr int kReadsMax = 8;

}  // namespace

KeyCache::KeyCache(CatalogStore& store, KeyCacheOptions options) : store_(store), options_(options) {}

std::shared_ptr<const KnownKey> KeyCache::find(Shard& shard, const Sha256& sha256) {
  if (const auto found = shard.young.find(sha256); found != shard.young.end()) return found->second;
  const auto found = shard.old.find(sha256);
  if (found == shard.old.end()) return nullptr;
  std::shared_ptr<const KnownKey> key = std::move(found->second);
  shard.old.erase(found);
  keep(shard, sha256, key);
  return key;
}

void KeyCache::keep(Shard& shard, const Sha256& sha256, std::shared_ptr<const KnownKey> key) {
  shard.young.insert_or_assign(sha256, std::move(key));
  if (shard.young.size() * 2 * kShards <= options_.keys_max) return;
  shard.old = std::exchange(shard.young, {});
}

void KeyCache::keep_unknown(Shard& shard, const Sha256& sha256, Instant now) {
  if ((shard.unknown.size() + 1) * kShards > options_.unknown_max) {
    std::erase_if(shard.unknown, [now](const auto& one) { return one.second <= now; });
    if ((shard.unknown.size() + 1) * kShards > options_.unknown_max) shard.unknown.clear();
  }
  shard.unknown.insert_or_assign(sha256, now + options_.unknown_for);
}

KeyAnswer KeyCache::answer_failure(Shard& shard, const Sha256& sha256) {
  auto key = options_.on_failure == OnCatalogFailure::kServeStale ? find(shard, sha256) : nullptr;
  if (key == nullptr || !key->is_current()) {  // what is known to have changed is not served
    ++shard.figures.failures;
    return {};
  }
  ++shard.figures.stale;
  return {.status = KeyAnswer::Status::kKnown, .key = std::move(key), .is_stale = true};
}

std::optional<KeyAnswer> KeyCache::look(const Sha256& sha256, Instant now) {
  Shard& shard = shard_of(sha256);
  const HeldLock lock(shard.mutex);
  if (is_fresh(now)) {
    if (auto key = find(shard, sha256); key != nullptr && key->is_current()) {
      ++shard.figures.hits;
      return KeyAnswer{.status = KeyAnswer::Status::kKnown, .key = std::move(key)};
    }
  }
  if (const auto found = shard.unknown.find(sha256); found != shard.unknown.end() && now < found->second) {
    ++shard.figures.unknown_hits;
    return KeyAnswer{.status = KeyAnswer::Status::kUnknown};
  }
  if (rests(now)) return answer_failure(shard, sha256);
  ++shard.figures.misses;
  return std::nullopt;
}

KeyCache::Asked KeyCache::ask(const Sha256& sha256, Answered answered) {
  Shard& shard = shard_of(sha256);
  const HeldLock lock(shard.mutex);
  const auto [pending, is_first] = shard.pending.try_emplace(sha256);
  pending->second.waiting.push_back(std::move(answered));
  return is_first ? Asked::kLoad : Asked::kWait;
}

void KeyCache::load(const Sha256& sha256, Instant now) {
  Shard& shard = shard_of(sha256);
  KeyAnswer answer;
  for (int reads = 0; reads < kReadsMax; ++reads) {
    {
      const HeldLock lock(shard.mutex);
      shard.pending[sha256].has_changed = false;
    }
    loads_.fetch_add(1, std::memory_order_relaxed);
    auto read_key = read(sha256);
    const HeldLock lock(shard.mutex);
    const bool is_unknown = !read_key && read_key.error().fault == CatalogFault::kNotFound;
    if (!read_key && !is_unknown) {
      failed_us_.store(now.us, std::memory_order_relaxed);
      answer = answer_failure(shard, sha256);
      break;
    }
    if (shard.pending[sha256].has_changed || (read_key && !(*read_key)->is_current())) continue;
    if (is_unknown) {
      answer.status = KeyAnswer::Status::kUnknown;
      keep_unknown(shard, sha256, now);
    } else {
      answer = {.status = KeyAnswer::Status::kKnown, .key = *std::move(read_key)};
      keep(shard, sha256, answer.key);
    }
    break;
  }
  finish(sha256, answer);
}

void KeyCache::give_up(const Sha256& sha256) {
  Shard& shard = shard_of(sha256);
  KeyAnswer answer;
  {
    const HeldLock lock(shard.mutex);
    answer = answer_failure(shard, sha256);
  }
  finish(sha256, answer);
}

KeyAnswer KeyCache::answer_late(const Sha256& sha256, Instant now) {
  failed_us_.store(now.us, std::memory_order_relaxed);
  Shard& shard = shard_of(sha256);
  const HeldLock lock(shard.mutex);
  return answer_failure(shard, sha256);
}

void KeyCache::finish(const Sha256& sha256, const KeyAnswer& answer) {
  std::vector<Answered> waiting;
  {
    Shard& shard = shard_of(sha256);
    const HeldLock lock(shard.mutex);
    if (const auto found = shard.pending.find(sha256); found != shard.pending.end()) {
      waiting = std::move(found->second.waiting);
      shard.pending.erase(found);
    }
  }
  for (Answered& answered : waiting) answered(answer);
}

CatalogResult<std::shared_ptr<const KnownKey>> KeyCache::read(const Sha256& sha256) {
  const auto record = find_by_sha256<ApiKeyRecord>(store_, sha256);
  if (!record) return std::unexpected(record.error());
  const auto its_workspace = workspace(record->workspace_id);
  if (!its_workspace) return std::unexpected(its_workspace.error());
  const auto its_plan = plan(record->plan_id);
  if (!its_plan) return std::unexpected(its_plan.error());
  return std::make_shared<const KnownKey>(*record, *its_workspace, *its_plan, names_);
}

CatalogResult<std::shared_ptr<const CachedWorkspace>> KeyCache::workspace(const std::string& id) {
  uint64_t changes = 0;
  {
    const HeldLock lock(shared_mutex_);
    changes = shared_changes_;
    if (const auto found = workspaces_.find(id); found != workspaces_.end() && found->second->is_current()) {
      return found->second;
    }
  }
  const auto record = get<WorkspaceRecord>(store_, id);
  if (!record) return std::unexpected(record.error());
  const auto its_plan = plan(record->plan_id);
  if (!its_plan) return std::unexpected(its_plan.error());
  auto made = std::make_shared<const CachedWorkspace>(*record, *its_plan, names_);
  const HeldLock lock(shared_mutex_);
  // What was changed while it was being read may be this.
  if (changes == shared_changes_) {
    workspaces_[id] = made;
  } else {
    made->has_changed = true;
  }
  return made;
}

CatalogResult<std::shared_ptr<const CachedPlan>> KeyCache::plan(const std::optional<std::string>& id) {
  if (!id) return nullptr;
  uint64_t changes = 0;
  {
    const HeldLock lock(shared_mutex_);
    changes = shared_changes_;
    if (const auto found = plans_.find(*id); found != plans_.end()) return found->second;
  }
  const auto record = get<PlanRecord>(store_, *id);
  if (!record) return std::unexpected(record.error());
  auto made = std::make_shared<const CachedPlan>(*record, names_);
  const HeldLock lock(shared_mutex_);
  if (changes == shared_changes_) {
    plans_[*id] = made;
  } else {
    made->has_changed = true;
  }
  return made;
}

CatalogResult<int64_t> KeyCache::refresh(Instant now) {
  const HeldLock lock(refresh_mutex_);
  const auto recent = store_.changes_since(applied_);
  if (!recent) {
    if (recent.error().fault == CatalogFault::kUnavailable) failed_us_.store(now.us, std::memory_order_relaxed);
    return std::unexpected(recent.error());
  }
  if (!recent->is_complete) forget_everything();
  for (const RecordChange& change : recent->changes) forget(change);
  applied_ = recent->state;
  revision_.store(applied_.revision, std::memory_order_relaxed);
  heard_us_.store(now.us, std::memory_order_relaxed);
  failed_us_.store(INT64_MIN / 2, std::memory_order_relaxed);
  return applied_.revision;
}

void KeyCache::forget(const RecordChange& change) {
  if (change.kind == RecordKind::kApiKey) {
    if (!change.sha256) return forget_everything();
    return forget_key(*change.sha256);
  }
  if (change.kind != RecordKind::kWorkspace && change.kind != RecordKind::kPlan) return;
  const HeldLock lock(shared_mutex_);
  ++shared_changes_;
  if (const auto found = workspaces_.find(change.id); found != workspaces_.end()) {
    found->second->has_changed = true;
    workspaces_.erase(found);
  }
  if (const auto found = plans_.find(change.id); found != plans_.end()) {
    found->second->has_changed = true;
    plans_.erase(found);
  }
}

void KeyCache::forget_key(const Sha256& sha256) {
  Shard& shard = shard_of(sha256);
  const HeldLock lock(shard.mutex);
  shard.figures.forgotten += shard.young.erase(sha256) + shard.old.erase(sha256);
  shard.unknown.erase(sha256);
  if (const auto found = shard.pending.find(sha256); found != shard.pending.end()) found->second.has_changed = true;
}

void KeyCache::forget_everything() {
  {
    const HeldLock lock(shared_mutex_);
    ++shared_changes_;
    for (const auto& [id, one] : workspaces_) one->has_changed = true;
    for (const auto& [id, one] : plans_) one->has_changed = true;
    workspaces_.clear();
    plans_.clear();
  }
  for (Shard& shard : shards_) {
    const HeldLock lock(shard.mutex);
    shard.figures.forgotten += shard.young.size() + shard.old.size();
    shard.young.clear();
    shard.old.clear();
    shard.unknown.clear();
    for (auto& [sha256, pending] : shard.pending) pending.has_changed = true;
  }
}

void KeyCache::note_use(const std::shared_ptr<const KnownKey>& key, Instant wall) {
  if (!key->note_use(wall)) return;
  const HeldLock lock(uses_mutex_);
  uses_.push_back(key);
}

std::vector<KeyUse> KeyCache::take_uses() {
  std::vector<std::shared_ptr<const KnownKey>> taken;
  {
    const HeldLock lock(uses_mutex_);
    taken.swap(uses_);
  }
  std::vector<KeyUse> uses;
  uses.reserve(taken.size());
  for (const auto& key : taken) uses.push_back({.id = std::string(key->id()), .at = key->take_use()});
  return uses;
}

KeyCacheFigures KeyCache::figures() const {
  KeyCacheFigures sum;
  for (const Shard& shard : shards_) {
    const HeldLock lock(shard.mutex);
    sum.keys += shard.young.size() + shard.old.size();
    sum.unknown += shard.unknown.size();
    sum.hits += shard.figures.hits;
    sum.unknown_hits += shard.figures.unknown_hits;
    sum.misses += shard.figures.misses;
    sum.stale += shard.figures.stale;
    sum.failures += shard.figures.failures;
    sum.forgotten += shard.figures.forgotten;
  }
  sum.loads = loads_.load(std::memory_order_relaxed);
  sum.revision = revision_.load(std::memory_order_relaxed);
  sum.heard_at = {heard_us_.load(std::memory_order_relaxed)};
  return sum;
}

}  // namespace rateguard::catalog

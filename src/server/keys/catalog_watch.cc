#include "server/keys/catalog_watch.h"

#include <utility>

namespace rateguard::server {

CatalogWatch::CatalogWatch(net::EventLoop& loop, net::BlockingPool& pool, catalog::CatalogStore& store,
                           catalog::KeyCache& cache, catalog::InstanceReport self, Handlers handlers,
                           CatalogWatchOptions options)
    : loop_(loop),
      pool_(pool),
      store_(store),
      cache_(cache),
      self_(std::move(self)),
      handlers_(std::move(handlers)),
      options_(options) {}

void CatalogWatch::start() {
  timer_ = loop_.every(options_.look_each, [this] { look(); });
  look();
}

void CatalogWatch::look_soon(int64_t revision) {
  loop_.post([this, revision] {
    if (revision == 0 || revision > applied_) look();
  });
}

void CatalogWatch::look() {
  if (std::exchange(is_looking_, true)) {
    looks_again_ = true;
    return;
  }
  const Now now = loop_.now();
  const auto is_due = [now](Instant& last, Duration each) {
    if (now - last < each) return false;
    last = now;
    return true;
  };
  const Due due = {.wall = now.wall(),
                   .report = is_due(reported_at_, options_.report_each),
                   .uses = is_due(uses_written_at_, options_.write_uses_each),
                   .expire = is_due(expired_at_, options_.expire_each)};
  const auto ticket =
      pool_.submit([this, now, due] { loop_.post([this, looked = look_now(now, due)] { done(looked); }); });
  if (!ticket) is_looking_ = false;
}

// The cache first, then the report: whoever reads that a revision has been applied finds that nothing older is served.
CatalogWatch::Looked CatalogWatch::look_now(Now now, const Due& due) {
  const auto revision = cache_.refresh(now);
  if (!revision) return {.problem = revision.error().message};
  report(*revision, due.wall, due.report);
  // What cannot be written is lost: the keys will be used again.
  if (due.uses) {
    if (const auto uses = cache_.take_uses(); !uses.empty()) (void)store_.note_uses(uses);
  }
  if (due.expire) (void)store_.expire(due.wall);
  return {.revision = *revision};
}

void CatalogWatch::report(int64_t revision, Instant wall, bool is_due) {
  const bool is_new = self_.applied.empty() || self_.applied.back().revision != revision;
  if (!is_new && !is_due) return;
  if (is_new) self_.applied.push_back({.revision = revision, .at = wall});
  if (self_.applied.size() > catalog::InstanceReport::kAppliedMax) self_.applied.erase(self_.applied.begin());
  self_.seen_at = wall;
  (void)store_.report_instance(self_);  // again with the next one
}

void CatalogWatch::done(const Looked& looked) {
  is_looking_ = false;
  if (looked.problem.empty() != problem_.empty()) {
    problem_ = looked.problem;
    if (handlers_.on_problem) handlers_.on_problem(problem_);
  }
  if (looked.problem.empty() && applied_ != looked.revision) {
    applied_ = looked.revision;
    if (handlers_.on_applied) handlers_.on_applied(applied_);
  }
  if (std::exchange(looks_again_, false)) look();
}

}  // namespace rateguard::server

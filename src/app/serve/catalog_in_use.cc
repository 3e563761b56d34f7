#include "app/serve/catalog_in_use.h"

#include <fmt/format.h>

#include <string>
#include <utility>

#include "app/serve/open_catalog.h"
#include "net/clock.h"

namespace rateguard::app {
namespace {

// As many as the tasks of a few loops that may wait for keys at once (net::LaneOptions).
constexpr net::BlockingPoolOptions kKeyPool = {.threads = 4, .queued_max = 65'536};

}  // namespace

Result<std::unique_ptr<CatalogInUse>> CatalogInUse::open(const config::Config& config, Log& log) {
  const Now now = net::SystemClock().read();
  auto store = open_catalog(config, now.wall());
  if (!store) return std::unexpected(store.error());
  if (*store == nullptr) return nullptr;
  return std::unique_ptr<CatalogInUse>(new CatalogInUse(catalog_name(config), config.catalog, *std::move(store), log));
}

CatalogInUse::CatalogInUse(std::string name, const CatalogSettings& settings,
                           std::unique_ptr<catalog::CatalogStore> store, Log& log)
    : name_(std::move(name)),
      log_(log),
      store_(std::move(store)),
      cache_(*store_, {.stale_max = settings.stale_max, .on_failure = settings.on_catalog_failure}),
      cache_figures_(cache_),
      pool_(kKeyPool) {}

std::unique_ptr<server::KeyFinder> CatalogInUse::make_finder(net::EventLoop& loop) {
  auto finder = std::make_unique<server::KeyFinder>(cache_, pool_, loop);
  refusals_.add(*finder);
  return finder;
}

void CatalogInUse::start(net::EventLoop& loop, net::BlockingPool& blocking, catalog::InstanceReport self,
                         std::function<void(int64_t revision)> tell_others) {
  const auto log_problem = [this](std::string_view problem) {
    if (problem.empty()) return log_.write(LogLevel::kInfo, "the catalog is asked again", {{"catalog", name_}});
    log_.write(LogLevel::kWarn, "the catalog cannot be asked; keys that are not known are refused",
               {{"catalog", name_}, {"why", problem}});
  };
  watch_ = std::make_unique<server::CatalogWatch>(
      loop, blocking, *store_, cache_, std::move(self),
      server::CatalogWatch::Handlers{.on_applied = {}, .on_problem = log_problem});
  {
    const HeldLock lock(listener_->mutex);
    listener_->watch = watch_.get();
  }
  store_->on_change([listener = listener_, tell_others = std::move(tell_others)](int64_t revision) {
    const HeldLock lock(listener->mutex);
    if (listener->watch == nullptr) return;
    listener->watch->look_soon(revision);
    if (revision > 0) tell_others(revision);
  });
  watch_->start();
}

void CatalogInUse::look_soon(int64_t revision) {
  const HeldLock lock(listener_->mutex);
  if (listener_->watch != nullptr) listener_->watch->look_soon(revision);
}

void CatalogInUse::report_to(metrics::Registry& registry) const {
  registry.add(cache_figures_);
  registry.add(refusals_);
}

server::Dependency CatalogInUse::state(Instant now) const {
  const catalog::KeyCacheFigures figures = cache_.figures();
  const bool is_fresh = cache_.is_fresh(now);
  return {.name = "catalog",
          .ready = is_fresh,
          .detail = fmt::format("{}, revision {}, {} keys known{}", name_, figures.revision, figures.keys,
                                is_fresh ? "" : "; it cannot be asked"),
          .vital = false};
}

void CatalogInUse::stop() {
  {
    const HeldLock lock(listener_->mutex);
    listener_->watch = nullptr;
  }
  pool_.stop();
}

}  // namespace rateguard::app

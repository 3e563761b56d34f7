#include "server/waiting_source.h"

#include <array>
#include <utility>

namespace rateguard::server {
namespace {

using metrics::MetricKind;

constexpr std::pair<net::Lane, std::string_view> kNamedLanes[] = {{net::Lane::kShort, "short"},
                                                                  {net::Lane::kLong, "long"}};
static_assert(std::size(kNamedLanes) == net::kLanes);

net::LaneFigures total(const std::vector<const net::Tasks*>& loops, net::Lane lane) {
  net::LaneFigures sum;
  for (const net::Tasks* const loop : loops) {
    const net::LaneFigures of_loop = loop->figures(lane);
    sum.running += of_loop.running;
    sum.queued += of_loop.queued;
    sum.refused += of_loop.refused;
  }
  return sum;
}

void report_tasks(metrics::Writer& out, const std::vector<const net::Tasks*>& loops) {
  out.begin(MetricKind::kGauge, "rateguard_tasks", "Tasks of the event loops, by lane and state.");
  for (const auto& [lane, name] : kNamedLanes) {
    const net::LaneFigures figures = total(loops, lane);
    out.sample({{"lane", name}, {"state", "running"}}, figures.running);
    out.sample({{"lane", name}, {"state", "queued"}}, figures.queued);
  }
  out.begin(MetricKind::kCounter, "rateguard_tasks_refused_total", "Tasks refused because the lane's queue was full.");
  for (const auto& [lane, name] : kNamedLanes) out.sample({{"lane", name}}, total(loops, lane).refused);
}

void report_pool(metrics::Writer& out, const net::BlockingPoolFigures& figures) {
  out.gauge("rateguard_blocking_queued", "Blocking jobs that have not begun.", figures.queued);
  out.gauge("rateguard_blocking_running", "Blocking jobs under way.", figures.running);
  out.counter("rateguard_blocking_refused_total", "Blocking jobs refused because too many were queued.",
              figures.refused);
  out.gauge("rateguard_blocking_wait_seconds", "How long the oldest blocking job has waited to begin.",
            static_cast<double>(figures.oldest_wait.us) / 1e6);
}

}  // namespace

void WaitingSource::report(metrics::Writer& out) const {
  if (!loops_.empty()) report_tasks(out, loops_);
  if (pool_ != nullptr) report_pool(out, pool_->figures());
}

}  // namespace rateguard::server

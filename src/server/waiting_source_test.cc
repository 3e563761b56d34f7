#include "server/waiting_source.h"

#include <gtest/gtest.h>

#include <string>

namespace rateguard::server {
namespace {

std::string scraped(const WaitingSource& source) {
  metrics::Writer out(Instant::from_seconds(1'700'000'000));
  source.report(out);
  return out.text();
}

TEST(WaitingSource, AddsUpTheTasksOfAllLoopsByLaneAndState) {
  const net::TasksOptions options{.short_lane = {.running_max = 1, .queued_max = 1}};
  net::Tasks one(options);
  net::Tasks other(options);
  WaitingSource source;
  source.add(one);
  source.add(other);
  for (net::Tasks* const tasks : {&one, &other}) {
    tasks->run([tasks] { tasks->await([](const net::Tasks::Answered&) {}); });
  }
  for (int i = 0; i < 2; ++i) one.run([] {});
  one.run(net::Lane::kLong, [&one] { one.await([](const net::Tasks::Answered&) {}); });
  const std::string text = scraped(source);
  for (const char* const line :
       {"rateguard_tasks{lane=\"short\",state=\"running\"} 2\n", "rateguard_tasks{lane=\"short\",state=\"queued\"} 1\n",
        "rateguard_tasks{lane=\"long\",state=\"running\"} 1\n", "rateguard_tasks_refused_total{lane=\"short\"} 1\n"}) {
    EXPECT_TRUE(text.contains(line)) << line << text;
  }
}

TEST(WaitingSource, SaysNothingOfWhatThereIsNot) {
  EXPECT_EQ(scraped(WaitingSource()), "");
}

TEST(WaitingSource, HasTheFiguresOfThePool) {
  net::BlockingPool pool;
  WaitingSource source;
  source.set_pool(pool);
  pool.drain();
  EXPECT_FALSE(pool.submit([] {}));
  const std::string text = scraped(source);
  EXPECT_TRUE(text.contains("rateguard_blocking_queued 0\n")) << text;
  EXPECT_TRUE(text.contains("rateguard_blocking_refused_total 1\n")) << text;
}

}  // namespace
}  // namespace rateguard::server

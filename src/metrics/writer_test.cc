#include "metrics/writer.h"

#include <gtest/gtest.h>

#include <string>

#include "metrics/process_figures.h"
#include "metrics/registry.h"

namespace rateguard::metrics {
namespace {

constexpr Instant kNow = Instant::from_seconds(1'000);

TEST(Writer, AMetricHasItsHelpItsTypeAndASampleForEachSetOfLabels) {
  Writer out(kNow);
  out.begin(MetricKind::kCounter, "asked_total", "How often.");
  out.sample({{"by", "a"}, {"for", "b"}}, uint64_t{3});
  out.sample({{"by", "c"}}, 0.5);
  out.gauge("open", "Now.", uint64_t{7});
  EXPECT_EQ(out.text(),
            "# HELP asked_total How often.\n"
            "# TYPE asked_total counter\n"
            "asked_total{by=\"a\",for=\"b\"} 3\n"
            "asked_total{by=\"c\"} 0.5\n"
            "# HELP open Now.\n"
            "# TYPE open gauge\n"
            "open 7\n");
}

TEST(Writer, AHistogramIsCumulated) {
  Writer out(kNow);
  out.begin(MetricKind::kHistogram, "took_seconds", "How long.");
  const double bounds[] = {0.5, 2};
  const uint64_t counts[] = {1, 2, 4};
  out.sample({{"by", "a"}}, {.bounds = bounds, .counts = counts, .sum = 12.25});
  EXPECT_EQ(out.text(),
            "# HELP took_seconds How long.\n"
            "# TYPE took_seconds histogram\n"
            "took_seconds_count{by=\"a\"} 7\n"
            "took_seconds_sum{by=\"a\"} 12.25\n"
            "took_seconds_bucket{by=\"a\",le=\"0.5\"} 1\n"
            "took_seconds_bucket{by=\"a\",le=\"2\"} 3\n"
            "took_seconds_bucket{by=\"a\",le=\"+Inf\"} 7\n");
}

TEST(Writer, EscapesLabels) {
  Writer out(kNow);
  out.begin(MetricKind::kGauge, "g", "h");
  out.sample({{"rule", "a\"b\\c\nd"}}, uint64_t{1});
  EXPECT_NE(out.text().find("{rule=\"a\\\"b\\\\c\\nd\"}"), std::string::npos) << out.text();
}

class Named final : public Source {
 public:
  explicit Named(std::string name) : name_(std::move(name)) {}
  void report(Writer& out) const override { out.gauge(name_, "h", static_cast<double>(out.now().us) / 1e6); }

 private:
  std::string name_;
};

TEST(Registry, AsksEverySourceInOrderWithTheTimeOfTheScrape) {
  const Named first("b");
  const Named second("a");
  Registry registry;
  EXPECT_EQ(registry.text(kNow), "");
  registry.add(first);
  registry.add(second);
  EXPECT_EQ(registry.text(kNow),
            "# HELP b h\n# TYPE b gauge\nb 1000\n"
            "# HELP a h\n# TYPE a gauge\na 1000\n");
}

TEST(ProcessFigures, AreThoseOfThisProcess) {
  const ProcessFigures figures = read_process_figures();
  EXPECT_GT(figures.resident_bytes, 1U << 20);
  EXPECT_GE(figures.virtual_bytes, figures.resident_bytes);
  EXPECT_GE(figures.open_fds, 3U);
  EXPECT_GT(figures.max_fds, figures.open_fds);
  EXPECT_GT(figures.start_time_seconds, 1.6e9);
}

TEST(ProcessFigures, AreReportedUnderTheNamesOfPrometheussOwnClients) {
  Writer out(kNow);
  ProcessSource().report(out);
  const std::string text = out.text();
  for (const char* name :
       {"process_cpu_seconds_total ", "process_resident_memory_bytes ", "process_virtual_memory_bytes ",
        "process_open_fds ", "process_max_fds ", "process_start_time_seconds "}) {
    EXPECT_NE(text.find(std::string("\n") + name), std::string::npos) << name << text;
  }
}

}  // namespace
}  // namespace rateguard::metrics

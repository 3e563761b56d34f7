#include "metrics/writer.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <numeric>
#include <sstream>
#include <vector>

#include "base/check.h"

namespace rateguard::metrics {
namespace {

prometheus::MetricType type_of(MetricKind kind) {
  switch (kind) {
    case MetricKind::kCounter:
      return prometheus::MetricType::Counter;
    case MetricKind::kGauge:
      return prometheus::MetricType::Gauge;
    case MetricKind::kHistogram:
      return prometheus::MetricType::Histogram;
  }
  return prometheus::MetricType::Untyped;
}

}  // namespace

uint64_t HistogramFigures::total() const {
  return std::accumulate(counts.begin(), counts.end(), uint64_t{0});
}

struct Writer::Families {
  std::vector<prometheus::MetricFamily> all = {};

  prometheus::ClientMetric& add_sample(std::initializer_list<MetricLabel> labels) {
    RG_CHECK(!all.empty());
    prometheus::ClientMetric& metric = all.back().metric.emplace_back();
    for (const MetricLabel& label : labels) {
      metric.label.push_back({.name = std::string(label.name), .value = std::string(label.value)});
    }
    return metric;
  }
};

Writer::Writer(Instant now) : now_(now), families_(std::make_unique<Families>()) {}

Writer::~Writer() = default;

void Writer::begin(MetricKind kind, std::string_view name, std::string_view help) {
  families_->all.push_back({.name = std::string(name), .help = std::string(help), .type = type_of(kind), .metric = {}});
}

void Writer::sample(std::initializer_list<MetricLabel> labels, double value) {
  prometheus::ClientMetric& metric = families_->add_sample(labels);
  const prometheus::MetricType type = families_->all.back().type;
  RG_CHECK(type == prometheus::MetricType::Counter || type == prometheus::MetricType::Gauge);
  (type == prometheus::MetricType::Counter ? metric.counter.value : metric.gauge.value) = value;
}

void Writer::sample(std::initializer_list<MetricLabel> labels, const HistogramFigures& figures) {
  RG_CHECK(figures.counts.size() == figures.bounds.size() + 1);
  prometheus::ClientMetric::Histogram& histogram = families_->add_sample(labels).histogram;
  RG_CHECK(families_->all.back().type == prometheus::MetricType::Histogram);
  uint64_t cumulated = 0;
  for (size_t i = 0; i < figures.bounds.size(); ++i) {
    cumulated += figures.counts[i];
    histogram.bucket.push_back({.cumulative_count = cumulated, .upper_bound = figures.bounds[i]});
  }
  histogram.sample_count = cumulated + figures.counts.back();
  histogram.sample_sum = figures.sum;
}

void Writer::counter(std::string_view name, std::string_view help, double value) {
  begin(MetricKind::kCounter, name, help);
  sample({}, value);
}

void Writer::gauge(std::string_view name, std::string_view help, double value) {
  begin(MetricKind::kGauge, name, help);
  sample({}, value);
}

std::string Writer::text() const {
  std::ostringstream out;
  prometheus::TextSerializer().Serialize(out, families_->all);
  return std::move(out).str();
}

}  // namespace rateguard::metrics

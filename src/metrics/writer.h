// Writes figures in Prometheus's text format, version 0.0.4.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "model/instant.h"

namespace rateguard::metrics {

// The Content-Type of what a Writer writes.
inline constexpr std::string_view kExpositionType = "text/plain; version=0.0.4; charset=utf-8";

enum class MetricKind : uint8_t { kCounter, kGauge, kHistogram };

struct MetricLabel {
  std::string_view name;
  std::string_view value;
};

// The counts of a histogram, not cumulated: one for each bound, and a last one for what lies above every bound.
struct HistogramFigures {
  std::span<const double> bounds;
  std::span<const uint64_t> counts;
  double sum = 0;

  uint64_t total() const;
};

// One per scrape. A metric has its name and help once, and then a sample for each set of labels.
class Writer {
 public:
  // `now` is when the scrape began.
  explicit Writer(Instant now);
  ~Writer();
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  Instant now() const { return now_; }

  // Begins a metric: the samples that follow are of it. The name of a counter ends in "_total".
  void begin(MetricKind kind, std::string_view name, std::string_view help);
  // REQUIRES: the metric begun last is a counter or a gauge.
  void sample(std::initializer_list<MetricLabel> labels, double value);
  void sample(std::initializer_list<MetricLabel> labels, uint64_t value) { sample(labels, static_cast<double>(value)); }
  // REQUIRES: the metric begun last is a histogram, and `figures` has one count more than bounds.
  void sample(std::initializer_list<MetricLabel> labels, const HistogramFigures& figures);

  // A metric with one sample, without labels.
  void counter(std::string_view name, std::string_view help, uint64_t value) {
    counter(name, help, static_cast<double>(value));
  }
  void counter(std::string_view name, std::string_view help, double value);
  void gauge(std::string_view name, std::string_view help, uint64_t value) {
    gauge(name, help, static_cast<double>(value));
  }
  void gauge(std::string_view name, std::string_view help, double value);

  std::string text() const;

 private:
  struct Families;  // of prometheus-cpp, which nothing else needs to see

  const Instant now_;
  const std::unique_ptr<Families> families_;
};

}  // namespace rateguard::metrics

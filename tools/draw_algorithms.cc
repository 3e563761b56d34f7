// Draws docs/algorithms/img/<name>.svg: the same arrivals under each algorithm, decided by the real code.
//
//   draw_algorithms DIR           writes one picture per algorithm
//   draw_algorithms --check DIR   exit 1 where a picture is not what would be written
#include <fmt/format.h>

#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "algorithm/evaluate.h"
#include "algorithm/hold_set.h"
#include "algorithm/window_log.h"

namespace rateguard {
namespace {

using algorithm::HoldSet;
using algorithm::State;
using algorithm::WindowLog;

constexpr Instant kStart = Instant::from_seconds(1'700'000'000);  // a whole window of ten seconds since the epoch
constexpr Duration kShown = Duration::seconds(30);
constexpr Duration kWorkTime = Duration::millis(1'800);  // what a request holds before it gives back; concurrency only

struct Picture {
  Limit limit;
  std::string_view parameters;
  Duration grid = {};  // lines at the windows' boundaries; zero: none
};

struct Mark {
  Instant time;
  Decision decision;
};

// What a picture shows: every arrival with its decision, and what was left at each step of time.
struct Recording {
  std::vector<Mark> marks;
  std::vector<uint64_t> remaining;
};

// A counter of any algorithm. Holds are given back after kWorkTime.
class Counter {
 public:
  explicit Counter(const Limit& limit) : limit_(limit) {}

  Decision charge(Cost cost, Instant now) {
    if (limit_.algorithm == Algorithm::kSlidingWindowLog) {
      const Decision decision = log_.evaluate(limit_, cost, now);
      if (decision.allowed()) log_.commit(limit_, cost, now);
      return decision;
    }
    if (limit_.algorithm == Algorithm::kConcurrency) {
      while (released_ < taken_.size() && taken_[released_] + kWorkTime <= now) holds_.release(released_++, now);
      const Decision decision = holds_.evaluate(limit_, cost, now);
      if (!decision.allowed() || cost.units == 0) return decision;
      holds_.commit(limit_, cost, now, taken_.size());
      taken_.push_back(now);
      return decision;
    }
    Decision decision;
    state_ = algorithm::evaluate(state_, limit_, cost, now, decision);
    return decision;
  }

 private:
  Limit limit_;
  State state_ = {};
  WindowLog log_;
  HoldSet holds_;
  std::vector<Instant> taken_;  // by the number of the hold
  size_t released_ = 0;
};

// A trickle, a burst, a steady stream at the rate, a pause, a burst across a window's boundary, and three times the
// rate.
std::vector<Instant> arrivals() {
  std::vector<Instant> times;
  const auto add = [&](int64_t from_ms, int64_t step_ms, int count) {
    for (int i = 0; i < count; ++i) times.push_back(kStart + Duration::millis(from_ms + i * step_ms));
  };
  add(500, 2'000, 3);
  add(7'000, 90, 14);
  add(9'000, 1'000, 7);
  add(18'600, 130, 20);
  add(23'000, 333, 20);
  return times;
}

constexpr Duration kSample = Duration::millis(50);

Recording record(const Limit& limit) {
  Recording recording;
  Counter counter(limit);
  const std::vector<Instant> times = arrivals();
  size_t next = 0;
  for (Instant now = kStart; now <= kStart + kShown; now = now + kSample) {
    for (; next < times.size() && times[next] <= now; ++next) {
      recording.marks.push_back({times[next], counter.charge({1}, times[next])});
    }
    recording.remaining.push_back(counter.charge({0}, now).remaining);
  }
  return recording;
}

// Places on the page, in pixels.
constexpr int kWidth = 880;
constexpr int kLeft = 84;
constexpr int kRight = 856;
constexpr int kArrivalsY = 104;
constexpr int kTick = 22;
constexpr int kTurnsY = 152;

double x_of(Instant t) {
  const double share = static_cast<double>((t - kStart).us) / static_cast<double>(kShown.us);
  return kLeft + share * (kRight - kLeft);
}

std::string vertical(double x, double from, double to, std::string_view style) {
  return fmt::format("<path class=\"{}\" d=\"M{:.1f} {:.1f}V{:.1f}\"/>\n", style, x, from, to);
}

std::string text(double x, double y, std::string_view style, std::string_view words) {
  return fmt::format("<text class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>\n", style, x, y, words);
}

constexpr std::string_view kStyle = R"(<style>
text{font:13px system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;fill:#3d4852}
.title{font-size:17px;font-weight:600;fill:#1b232b}.end{text-anchor:end}.mid{text-anchor:middle}.small{font-size:12px;fill:#66737f}
path{fill:none}.ok{stroke:#12805c;stroke-width:2}.no{stroke:#c8373f;stroke-width:2}.turn{stroke:#b7791f;stroke-width:2}
.axis{stroke:#9aa6b2}.grid{stroke:#e6eaee}.edge{stroke:#9aa6b2;stroke-dasharray:3 4}.left{stroke:#2563a8;stroke-width:2;stroke-linejoin:round}
.area{fill:#2563a8;fill-opacity:.1;stroke:none}
</style>
)";

std::string legend(bool has_turns, int admitted, int refused) {
  std::string out;
  double x = kLeft;
  const auto entry = [&](std::string_view style, const std::string& words) {
    out += fmt::format("<path class=\"{}\" d=\"M{:.0f} 45v14\"/>\n", style, x + 4);
    out += text(x + 12, 57, "", words);
    x += 30 + 7.2 * static_cast<double>(words.size());
  };
  entry("ok", fmt::format("admitted ({})", admitted));
  entry("no", fmt::format("refused ({})", refused));
  if (has_turns) entry("turn", "its turn, after the delay");
  entry("left", "remaining");
  return out;
}

// The line of what is left, as steps, with the area below it.
std::string remaining_line(const Recording& recording, const Limit& limit, int top, int bottom) {
  const auto y_of = [&](uint64_t units) {
    return bottom - static_cast<double>(units) / static_cast<double>(limit.capacity) * (bottom - top);
  };
  std::string path;
  for (size_t i = 0; i < recording.remaining.size(); ++i) {
    const bool same = i > 0 && recording.remaining[i] == recording.remaining[i - 1];
    if (same && i + 1 < recording.remaining.size()) continue;
    const double x = x_of(kStart + kSample * static_cast<int64_t>(i));
    path += i == 0 ? fmt::format("M{:.1f} {:.1f}", x, y_of(recording.remaining[i]))
                   : fmt::format("H{:.1f}V{:.1f}", x, y_of(recording.remaining[i]));
  }
  return fmt::format("<path class=\"area\" d=\"{}V{}H{}Z\"/>\n<path class=\"left\" d=\"{}\"/>\n", path, bottom, kLeft,
                     path);
}

std::string draw(const Picture& picture) {
  const Limit& limit = picture.limit;
  const Recording recording = record(limit);
  const bool has_turns = limit.algorithm == Algorithm::kLeakyBucket;
  const int top = has_turns ? 212 : 164;
  const int bottom = top + 150;
  int admitted = 0;
  for (const Mark& mark : recording.marks) admitted += mark.decision.allowed();

  std::string out = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" height=\"{1}\" role=\"img\">\n"
      "<title>{2}: {3}</title>\n",
      kWidth, bottom + 52, to_string(limit.algorithm), picture.parameters);
  out += kStyle;
  out += "<rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"#fff\"/>\n";
  out += text(kLeft, 30, "title", fmt::format("{}: {}", to_string(limit.algorithm), picture.parameters));
  out += legend(has_turns, admitted, static_cast<int>(recording.marks.size()) - admitted);

  for (uint64_t units = 0; units <= limit.capacity; units += limit.capacity / 5) {
    const double y = bottom - static_cast<double>(units) / static_cast<double>(limit.capacity) * (bottom - top);
    out += fmt::format("<path class=\"grid\" d=\"M{} {:.1f}H{}\"/>\n", kLeft, y, kRight);
    out += text(kLeft - 8, y + 4, "end small", std::to_string(units));
  }
  for (int64_t s = 0; s <= kShown.us / 1'000'000; s += 5) {
    const double x = x_of(kStart + Duration::seconds(s));
    out += vertical(x, bottom, bottom + 5, "axis");
    out += text(x, bottom + 20, "mid small", fmt::format("{} s", s));
  }
  for (Duration at = picture.grid; picture.grid.us != 0 && at < kShown; at = at + picture.grid) {
    out += vertical(x_of(kStart + at), kArrivalsY - kTick - 6, bottom, "edge");
  }
  out += fmt::format("<path class=\"axis\" d=\"M{0} {1}H{2}M{0} {3}H{2}\"/>\n", kLeft, kArrivalsY, kRight, bottom);
  out += text(kLeft - 8, kArrivalsY + 4, "end", "requests");
  out += text(kLeft - 8, top - 14, "end", "remaining");
  out += text((kLeft + kRight) / 2.0, bottom + 40, "mid small", "time");

  for (const Mark& mark : recording.marks) {
    const double x = x_of(mark.time);
    out += mark.decision.allowed() ? vertical(x, kArrivalsY - kTick, kArrivalsY - 1, "ok")
                                   : vertical(x, kArrivalsY + 1, kArrivalsY + kTick, "no");
  }
  if (has_turns) {
    out += fmt::format("<path class=\"axis\" d=\"M{} {}H{}\"/>\n", kLeft, kTurnsY + kTick, kRight);
    out += text(kLeft - 8, kTurnsY + kTick, "end", "turns");
    for (const Mark& mark : recording.marks) {
      const Instant turn = mark.time + mark.decision.delay;
      if (mark.decision.allowed() && turn <= kStart + kShown) {
        out += vertical(x_of(turn), kTurnsY, kTurnsY + kTick - 1, "turn");
      }
    }
  }
  out += remaining_line(recording, limit, top, bottom);
  return out + "</svg>\n";
}

std::vector<Picture> pictures() {
  const Duration ten = Duration::seconds(10);
  return {
      {*Limit::token_bucket(10, {.units = 1}), "capacity 10, refill 1 per second"},
      {*Limit::gcra(10, {.units = 1}), "burst 10, 1 per second"},
      {*Limit::leaky_bucket(10, {.units = 1}), "queue 10, drains 1 per second"},
      {*Limit::fixed_window(10, ten), "10 per 10 seconds", ten},
      {*Limit::sliding_window_log(10, ten), "10 in any 10 seconds"},
      {*Limit::sliding_window_counter(10, ten), "10 per 10 seconds, the window before weighed in", ten},
      {*Limit::concurrency(5, ten), "5 at once, each done after 1.8 seconds"},
  };
}

}  // namespace
}  // namespace rateguard

int main(int argc, char** argv) {
  using namespace rateguard;
  const bool is_check = argc == 3 && std::string_view(argv[1]) == "--check";
  if (argc != 2 && !is_check) {
    std::cerr << "usage: draw_algorithms [--check] DIR\n";
    return 2;
  }
  int failed = 0;
  for (const Picture& picture : pictures()) {
    const std::string path = fmt::format("{}/{}.svg", argv[argc - 1], to_string(picture.limit.algorithm));
    const std::string drawn = draw(picture);
    if (is_check) {
      std::ifstream file(path, std::ios::binary);
      const std::string found{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
      if (found == drawn) continue;
      std::cerr << path << " is out of date: run draw_algorithms DIR\n";
    } else {
      std::ofstream file(path, std::ios::binary);
      if (file << drawn << std::flush) continue;
      std::cerr << path << ": cannot be written\n";
    }
    failed = 1;
  }
  return failed;
}

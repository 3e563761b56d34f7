#include "simulate/report_table.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "simulate/report_remarks.h"
#include "text/printable.h"

namespace rateguard::simulate {
namespace {

constexpr size_t kSubjectWidth = 40;
constexpr size_t kRuleWidth = 28;
constexpr size_t kLogsShown = 4;      // a glob may name hundreds
constexpr size_t kChangesShown = 10;  // the JSON and the page have more

enum class CellStyle : uint8_t { kPlain, kBold, kDim, kRed, kYellow, kGreen };

// Wraps text in escapes where colour is asked for.
class Paint {
 public:
  explicit Paint(Colour colour) : colour_(colour) {}

  std::string operator()(CellStyle style, std::string text) const {
    constexpr std::array<std::string_view, 6> kCodes = {"", "1", "2", "31", "33", "32"};
    if (colour_ == Colour::kNo || style == CellStyle::kPlain) return text;
    return fmt::format("\x1b[{}m{}\x1b[0m", kCodes[static_cast<size_t>(style)], text);
  }

 private:
  Colour colour_;
};

std::string count_of(uint64_t n, std::string_view singular, std::string_view plural) {
  return fmt::format("{} {}", count_text(n), n == 1 ? singular : plural);
}

std::string share_text(uint64_t part, uint64_t whole) {
  return whole == 0 ? "-" : fmt::format("{:.1f}%", 100.0 * static_cast<double>(part) / static_cast<double>(whole));
}

struct Cell {
  std::string text;
  CellStyle style = CellStyle::kPlain;
};

enum class Align : uint8_t { kLeft, kRight };

std::string lay_out(const std::vector<std::vector<Cell>>& rows, const std::vector<Align>& align, const Paint& paint) {
  std::vector<size_t> widths(align.size());
  for (const auto& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i].text));
  }
  std::string out;
  for (const auto& row : rows) {
    std::string line = " ";
    for (size_t i = 0; i < row.size(); ++i) {
      const std::string padding(widths[i] - width_of(row[i].text), ' ');
      const bool last = i + 1 == row.size();
      line += ' ';
      if (align[i] == Align::kRight) line += padding;
      line += paint(row[i].style, row[i].text);
      if (align[i] == Align::kLeft && !last) line += padding;
      if (!last) line += ' ';
    }
    out += line + '\n';
  }
  return out;
}

// "access.log (combined), old.csv (csv) and 3 more logs"
std::string logs_text(const std::vector<LogSummary>& logs) {
  std::vector<std::string> shown;
  for (const LogSummary& log : logs) {
    if (shown.size() == kLogsShown) break;
    std::string format = "empty";
    if (log.lines > 0) format = to_string(log.format);
    if (log.lines == log.malformed && !log.problem.empty()) format = "not read";
    for (const Envelope envelope : log.envelopes) format += fmt::format(", in lines of {}", to_string(envelope));
    shown.push_back(fmt::format("{} ({})", printable(log.file, 200), format));
  }
  const size_t more = logs.size() - shown.size();
  return fmt::format("{}{}", fmt::join(shown, ", "), more > 0 ? " and " + count_of(more, "more log", "more logs") : "");
}

std::string input_text(const Report& report, const Paint& paint) {
  std::string out = paint(CellStyle::kBold, count_of(report.requests, "request", "requests"));
  if (report.first) {
    out += fmt::format(", {} to {} UTC ({})", instant_text(*report.first), instant_text(*report.last),
                       duration_text(*report.last - *report.first));
  }
  out += '\n';
  if (!report.input.logs.empty()) out += paint(CellStyle::kDim, "read " + logs_text(report.input.logs)) + '\n';
  const uint64_t malformed = report.input.malformed();
  if (malformed > 0) {
    out +=
        paint(CellStyle::kYellow, fmt::format("{} skipped", count_of(malformed, "malformed line", "malformed lines"))) +
        '\n';
    for (const MalformedLine& line : report.input.examples) {
      out += fmt::format("  {}:{}: {}\n", printable(line.file, 200), line.line, line.why);
      if (!line.text.empty()) out += paint(CellStyle::kDim, fmt::format("      {}", line.text)) + '\n';
    }
    if (malformed > report.input.examples.size()) {
      out += fmt::format("  and {} more\n", count_text(malformed - report.input.examples.size()));
    }
  }
  for (const std::string& remark : input_remarks(report)) out += paint(CellStyle::kYellow, remark) + '\n';
  return out;
}

std::vector<Cell> rule_row(const RuleReport& rule) {
  const RuleFigures& figures = rule.figures;
  const auto alarming = [](uint64_t n, CellStyle style) {
    return Cell{count_text(n), n > 0 ? style : CellStyle::kDim};
  };
  std::string worst = "-";
  if (!rule.most_refused.empty()) {
    const SubjectReport& subject = rule.most_refused.front();
    worst = fmt::format("{} ({} of {}{})", printable(subject.name, kSubjectWidth), count_text(subject.refused),
                        count_text(subject.requests), rule.mode == "shadow" ? " would be refused" : "");
  }
  std::string wait = figures.longest_wait.us > 0 ? duration_text(figures.longest_wait) : "-";
  if (figures.refused_for_ever > 0) wait += fmt::format(" +{} never", count_text(figures.refused_for_ever));
  return {{printable(rule.name, kRuleWidth), CellStyle::kBold},
          {rule.mode, rule.mode == "enforce" ? CellStyle::kPlain : CellStyle::kDim},
          {count_text(figures.requests)},
          {count_text(figures.admitted)},
          alarming(figures.refused, CellStyle::kRed),
          alarming(figures.refused_by_others, CellStyle::kPlain),
          alarming(figures.shadow_refused, CellStyle::kYellow),
          {fmt::format("{} of {}", count_text(rule.subjects_refused), count_text(rule.subjects))},
          {std::move(wait)},
          {std::move(worst)}};
}

std::string scenario_text(const Report& report, const ScenarioReport& scenario, const Paint& paint) {
  const Totals& totals = scenario.totals;
  std::string out =
      fmt::format("\n{}: {} admitted, {} refused ({})\n", paint(CellStyle::kBold, printable(scenario.name, 200)),
                  count_text(totals.admitted),
                  paint(totals.refused > 0 ? CellStyle::kRed : CellStyle::kPlain, count_text(totals.refused)),
                  share_text(totals.refused, totals.requests));
  for (const std::string& remark : scenario_remarks(report, scenario)) out += paint(CellStyle::kYellow, remark) + '\n';
  std::vector<std::vector<Cell>> rows(1);
  for (const char* title : {"rule", "mode", "requests", "admitted", "refused", "by others", "shadow", "subjects hit",
                            "longest wait", "worst subject"}) {
    rows[0].push_back({title, CellStyle::kDim});
  }
  for (const RuleReport& rule : scenario.rules) rows.push_back(rule_row(rule));
  const Align l = Align::kLeft;
  const Align r = Align::kRight;
  return out + lay_out(rows, {l, l, r, r, r, r, r, r, r, l}, paint);
}

Cell change_cell(uint64_t before, uint64_t after) {
  if (before == after) return {"=", CellStyle::kDim};
  return after > before ? Cell{"+" + count_text(after - before)} : Cell{"-" + count_text(before - after)};
}

std::vector<Cell> comparison_row(const std::string& name, const RuleReport* before, const RuleReport* after) {
  const RuleFigures none;
  const RuleFigures& a = before != nullptr ? before->figures : none;
  const RuleFigures& b = after != nullptr ? after->figures : none;
  // A rule that only one side has does not by itself count as a change: its own figures are shown.
  const bool both = before != nullptr && after != nullptr;
  const auto cell = [both](uint64_t x, uint64_t y) {
    return both ? change_cell(x, y) : Cell{count_text(std::max(x, y)), CellStyle::kDim};
  };
  const char* note = both ? "" : before == nullptr ? "added" : "removed";
  return {{printable(name, kRuleWidth), CellStyle::kBold},
          cell(a.requests, b.requests),
          cell(a.admitted, b.admitted),
          cell(a.refused, b.refused),
          cell(a.shadow_refused, b.shadow_refused),
          {note, CellStyle::kDim}};
}

const RuleReport* find_rule(const ScenarioReport& scenario, const std::string& name) {
  const auto found = std::ranges::find(scenario.rules, name, &RuleReport::name);
  return found == scenario.rules.end() ? nullptr : &*found;
}

std::string changed_subjects_text(std::string_view title, const std::vector<ChangedSubject>& subjects, uint64_t all,
                                  const Paint& paint) {
  if (subjects.empty()) return {};
  std::string out = fmt::format("\n{}\n", title);
  std::vector<std::vector<Cell>> rows;
  for (const ChangedSubject& subject : subjects) {
    if (rows.size() == kChangesShown) break;
    rows.push_back(
        {{count_text(subject.requests), CellStyle::kBold}, {subject.subject}, {subject.rule, CellStyle::kDim}});
  }
  out += lay_out(rows, {Align::kRight, Align::kLeft, Align::kLeft}, paint);
  if (all > rows.size()) out += fmt::format("  and {}\n", count_of(all - rows.size(), "more subject", "more subjects"));
  return out;
}

std::string comparison_text(const Report& report, const Paint& paint) {
  const ComparisonReport& changes = *report.changes;
  std::string out = fmt::format(
      "\n{}: {} would be refused that are admitted now, {} admitted that are refused now\n",
      paint(CellStyle::kBold, "What changes"),
      paint(changes.newly_refused > 0 ? CellStyle::kRed : CellStyle::kPlain,
            count_of(changes.newly_refused, "request", "requests")),
      paint(changes.newly_admitted > 0 ? CellStyle::kGreen : CellStyle::kPlain, count_text(changes.newly_admitted)));
  std::vector<std::vector<Cell>> rows(1);
  for (const char* title : {"rule", "requests", "admitted", "refused", "shadow", ""})
    rows[0].push_back({title, CellStyle::kDim});
  for (const RuleReport& rule : report.rules.rules) {
    rows.push_back(comparison_row(rule.name, &rule, find_rule(*report.compared, rule.name)));
  }
  for (const RuleReport& rule : report.compared->rules) {
    if (find_rule(report.rules, rule.name) == nullptr) rows.push_back(comparison_row(rule.name, nullptr, &rule));
  }
  out += lay_out(rows, {Align::kLeft, Align::kRight, Align::kRight, Align::kRight, Align::kRight, Align::kLeft}, paint);
  out += changed_subjects_text("Newly refused:", changes.most_newly_refused, changes.refused_subjects, paint);
  out += changed_subjects_text("Newly admitted:", changes.most_newly_admitted, changes.admitted_subjects, paint);
  return out;
}

}  // namespace

std::string table_text(const Report& report, Colour colour) {
  const Paint paint(colour);
  std::string out = input_text(report, paint) + scenario_text(report, report.rules, paint);
  if (report.compared) out += scenario_text(report, *report.compared, paint);
  if (report.compared && report.changes) out += comparison_text(report, paint);
  return out;
}

void print_table(const Report& report, Colour colour, std::FILE* out) {
  const std::string text = table_text(report, colour);
  std::fwrite(text.data(), 1, text.size(), out);
}

}  // namespace rateguard::simulate

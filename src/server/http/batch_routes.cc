// POST /v1/check/batch
#include <variant>

#include "server/http/decide.h"
#include "server/http/routes.h"

namespace rateguard::http {
namespace {

// An entry that waits for the store: its place among the direct checks, or why it has none.
struct Waiting {
  std::variant<size_t, Problem> result;
  Explain explain;
};

// Writes the results of a batch in order. Neighbours that ask for one limit each go to the store together, which hides
// the latency of memory; an entry with facts is decided alone, after those before it.
class BatchWriter {
 public:
  BatchWriter(Loop& loop, Instant now) : loop_(loop), now_(now) {
    loop_.body.assign("{\"results\":[");
    loop_.direct.clear();
  }

  void add(CheckBody& body) {
    CheckForm form;
    const Explain explain = body.explain ? Explain::kYes : Explain::kNo;
    if (!read_form(body, form)) {
      waiting_.push_back({problem_of(std::move(body.errors)), explain});
    } else if (const auto* ad_hoc = std::get_if<AdHocCheck>(&form)) {
      waiting_.push_back({loop_.direct.add(*ad_hoc), explain});
    } else if (const auto* rule = std::get_if<RuleCheck>(&form)) {
      const auto added = loop_.direct.add(*rule, loop_.in_force.policy);
      if (added) {
        waiting_.push_back({*added, explain});
      } else {
        waiting_.push_back({lookup_problem(*rule, loop_.in_force.policy, added.error()), explain});
      }
    } else {
      flush();
      write(decide(loop_, std::get<FactsCheck>(form).facts, now_), explain);
    }
  }

  void finish() {
    flush();
    loop_.body += "]}";
  }

 private:
  void flush() {
    loop_.direct.run(now_);
    for (const Waiting& entry : waiting_) {
      if (const auto* index = std::get_if<size_t>(&entry.result)) {
        write(answer_of(loop_, loop_.direct[*index]), entry.explain);
      } else {
        separate();
        append_problem(loop_.body, std::get<Problem>(entry.result));
      }
    }
    waiting_.clear();
    loop_.direct.clear();
  }

  void write(const Answer& answer, Explain explain) {
    separate();
    append_answer(loop_.body, answer, explain);
  }

  void separate() {
    if (!first_) loop_.body += ',';
    first_ = false;
  }

  Loop& loop_;
  Instant now_;
  bool first_ = true;
  std::vector<Waiting> waiting_;
};

}  // namespace

void answers::check_batch(Call& call) {
  auto entries = call.loop.parser.parse_batch(call.request.body);
  if (!entries) return call.respond_problem(problem_of({std::move(entries.error())}));
  BatchWriter writer(call.loop, call.now);
  for (CheckBody& body : *entries) writer.add(body);
  writer.finish();
  call.respond_json(200, call.loop.body);
}

}  // namespace rateguard::http

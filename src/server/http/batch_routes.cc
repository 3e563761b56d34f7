// POST /v1/check/batch
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "event/recorder.h"
#include "server/http/decide.h"
#include "server/http/key_check.h"
#include "server/http/routes.h"

namespace rateguard::http_api {
namespace {

// An entry that waits to be decided: its place among the direct checks, or its problem.
struct Waiting {
  size_t index = 0;
  std::string problem = {};  // a problem document; empty: decided
  Explain explain = Explain::kNo;
  bool settle = false;
};

// Writes the results of a batch in order. Adjacent entries that ask for one limit each go to the store together, which
// hides the latency of memory; an entry with facts is decided separately, after those before it.
class BatchWriter {
 public:
  BatchWriter(Workspace& workspace, Now now) : workspace_(workspace), now_(now) {
    workspace_.body.assign("{\"results\":[");
    workspace_.decider.set_door(event::Door::kHttpBatch);
    workspace_.decider.clear();
  }

  // False: a key has to be waited for, and nothing has been decided yet.
  bool look_up_keys(std::span<CheckBody> entries) {
    if (!workspace_.looks_up_keys) return true;
    rooms_.resize(entries.size());
    lookups_.assign(entries.size(), KeyLookup::kDone);
    for (size_t i = 0; i < entries.size(); ++i) {
      if (!entries[i].present.has(Field::kFacts)) continue;
      CheckForm form;
      CheckBody body = entries[i];  // reading the form may add errors, and it is read again
      if (!read_form(body, form)) continue;
      auto* const asked = std::get_if<FactsCheck>(&form);
      if (asked != nullptr) lookups_[i] = look_up_key(workspace_, asked->facts, rooms_[i], now_);
      if (lookups_[i] == KeyLookup::kMustWait) return false;
    }
    for (const CallerRoom& room : rooms_) note_lookup(workspace_, room, now_);
    return true;
  }

  void add(CheckBody& body, size_t place) {
    CheckForm form;
    const Explain explain = body.explain ? Explain::kYes : Explain::kNo;
    if (!read_form(body, form)) {
      refuse(problem_of(std::move(body.errors)));
    } else if (const auto* ad_hoc = std::get_if<AdHocCheck>(&form)) {
      waiting_.push_back({.index = workspace_.decider.add(*ad_hoc), .explain = explain, .settle = body.settle});
    } else if (const auto* rule = std::get_if<RuleCheck>(&form)) {
      const auto added = workspace_.decider.add(*rule);
      if (!added) return refuse(lookup_problem(*rule, workspace_.decider.policy(), added.error()));
      waiting_.push_back({.index = *added, .explain = explain, .settle = body.settle});
    } else if (workspace_.looks_up_keys && lookups_[place] == KeyLookup::kRefused) {
      refuse(key_problem(rooms_[place].found.verdict));
    } else {
      if (workspace_.looks_up_keys && rooms_[place].found.key != nullptr) {
        std::get<FactsCheck>(form).facts.caller = &rooms_[place].caller;
      }
      flush();
      write(*decide(workspace_, form, explain, now_), explain);
    }
  }

  void finish() {
    flush();
    workspace_.body += "]}";
  }

 private:
  void refuse(const Problem& problem) { append_problem(waiting_.emplace_back().problem, problem); }

  void flush() {
    workspace_.decider.run(now_);
    for (const Waiting& entry : waiting_) {
      if (entry.problem.empty()) {
        write(workspace_.decider.answer(entry.index), entry.explain);
        if (entry.settle) append_charge_of(workspace_.body, workspace_.decider, entry.index, now_);
      } else {
        separate();
        workspace_.body += entry.problem;
      }
    }
    waiting_.clear();
    workspace_.decider.clear();
  }

  void write(const Answer& answer, Explain explain) {
    separate();
    append_answer(workspace_.body, answer, explain);
  }

  void separate() {
    if (!first_) workspace_.body += ',';
    first_ = false;
  }

  Workspace& workspace_;
  Now now_;
  bool first_ = true;
  std::vector<Waiting> waiting_;
  std::vector<CallerRoom> rooms_;  // of the entries, where keys are looked up
  std::vector<KeyLookup> lookups_;
};

}  // namespace

void answers::check_batch(ApiCall& call) {
  auto entries = call.workspace.parser.parse_batch(call.request.body);
  if (!entries) return call.respond_problem(problem_of({std::move(entries.error())}));
  BatchWriter writer(call.workspace, call.now);
  if (!writer.look_up_keys(*entries)) return call.must_wait();
  size_t place = 0;
  for (CheckBody& body : *entries) writer.add(body, place++);
  writer.finish();
  call.respond_json(200, call.workspace.body);
}

}  // namespace rateguard::http_api

#include "server/keys/key_finder.h"

#include <utility>

#include "catalog/keys/key_text.h"

namespace rateguard::server {

using catalog::KeyAnswer;
using catalog::KeyForm;
using catalog::KeyVerdict;

std::optional<FoundKey> KeyFinder::find(std::string_view text, Now now, net::Tasks* tasks) {
  if (text.empty()) return FoundKey{.verdict = KeyVerdict::kMissing};
  const KeyForm form = catalog::look_at_key(text).form;
  if (form == KeyForm::kMalformed) return FoundKey{.verdict = KeyVerdict::kMalformed};
  if (form == KeyForm::kMistyped) return FoundKey{.verdict = KeyVerdict::kMistyped};
  const catalog::Sha256 sha256 = catalog::key_sha256(text);
  std::optional<KeyAnswer> answer = cache_.look(sha256, now);
  if (!answer && tasks == nullptr) return std::nullopt;
  if (!answer) answer = wait(sha256, now, *tasks);
  switch (answer->status) {
    case KeyAnswer::Status::kKnown:
      return FoundKey{.verdict = KeyVerdict::kValid, .key = std::move(answer->key), .is_stale = answer->is_stale};
    case KeyAnswer::Status::kUnknown:
      return FoundKey{.verdict = KeyVerdict::kUnknown};
    case KeyAnswer::Status::kFailure:
      break;
  }
  return FoundKey{.verdict = KeyVerdict::kCatalogFailure};
}

KeyAnswer KeyFinder::wait(const catalog::Sha256& sha256, Now now, net::Tasks& tasks) {
  const auto result = std::make_shared<KeyAnswer>();
  const auto start = [&](const net::Tasks::Answered& answered) {
    auto tell = [&loop = loop_, calls = std::weak_ptr<char>(alive_), answered, result](const KeyAnswer& answer) {
      loop.post([calls, answered, result, answer] {
        if (calls.expired()) return;
        *result = answer;
        answered();
      });
    };
    if (cache_.ask(sha256, std::move(tell)) == catalog::KeyCache::Asked::kWait) return;
    const auto ticket = pool_.submit([&cache = cache_, sha256, now] { cache.load(sha256, now); });
    if (!ticket) cache_.give_up(sha256);
  };
  const net::Woken woken = tasks.await(start, loop_.now() + options_.patience);
  if (woken == net::Woken::kAnswered) return *result;
  return woken == net::Woken::kLate ? cache_.answer_late(sha256, loop_.now()) : KeyAnswer();
}

void KeyRefusalSource::report(metrics::Writer& out) const {
  out.begin(metrics::MetricKind::kCounter, "rateguard_keys_refused_total",
            "Requests that were refused because of their API key, by code.");
  for (size_t i = 1; i < catalog::kKeyVerdicts; ++i) {
    const auto verdict = static_cast<KeyVerdict>(i);
    uint64_t sum = 0;
    for (const KeyFinder* const finder : finders_) sum += finder->refusals(verdict);
    out.sample({{"code", to_string(verdict)}}, sum);
  }
}

}  // namespace rateguard::server

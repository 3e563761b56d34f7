#include "envoy/decider.h"

#include <fmt/format.h>

#include <algorithm>

#include "envoy/dynamic_metadata.h"
#include "envoy/unit.h"
#include "store/counter_key.h"

namespace rateguard::envoy {
namespace {

// The form of an entry's value in a counter's key: the request's value, or the pattern that it shares.
constexpr char kLiteral = '=';
constexpr char kShared = '*';

// The share of a limit above which hits are "near" it: the default of envoyproxy/ratelimit's NEAR_LIMIT_RATIO.
constexpr uint64_t near_threshold(uint64_t most) {
  return most * 4 / 5;
}

void append_labelled(std::string& out, std::string_view key, std::string_view value) {
  out += '.';
  out += key;
  if (value.empty()) return;
  out += '_';
  out += value;
}

// The period of an override, which a unit and its multiplier make.
Result<Duration> period_of(const Override& given) {
  const Duration unit = period_of(given.unit);
  if (unit == Duration()) {
    return invalid(fmt::format("invalid rate limit unit {} in the limit of a descriptor", given.unit_number));
  }
  const auto longest = static_cast<uint64_t>(kPeriodMax.us / unit.us);
  if (given.unit_multiplier == 0 || given.unit_multiplier > longest) {
    return invalid(fmt::format("invalid unit_multiplier {} in the limit of a descriptor: expected 1 to {} of unit {}",
                               given.unit_multiplier, longest, to_string(given.unit)));
  }
  return unit * static_cast<int64_t>(given.unit_multiplier);
}

}  // namespace

Result<void> check_bounds(const DescriptorRequest& request) {
  if (request.descriptors.size() > kDescriptorsMax) {
    return fail(ErrorCode::kExhausted, fmt::format("{} descriptors; at most {} are decided at once",
                                                   request.descriptors.size(), kDescriptorsMax));
  }
  size_t entries = 0;
  for (const Descriptor& descriptor : request.descriptors) entries += descriptor.entries.size();
  if (entries <= kEntriesMax) return {};
  return fail(ErrorCode::kExhausted,
              fmt::format("{} entries of descriptors; at most {} are decided at once", entries, kEntriesMax));
}

Result<const Response*> Decider::decide(const DescriptorPolicy& policy, const DescriptorRequest& request, Now now) {
  static const Answering kDefaults;
  if (request.domain.empty()) return invalid("rate limit domain must not be empty");
  if (request.descriptors.empty()) return invalid("rate limit descriptor list must not be empty");
  if (policy.limits == nullptr) return invalid("no rate limit configuration loaded");
  if (auto bounded = check_bounds(request); !bounded) return std::unexpected(bounded.error());
  const Answering& answering = policy.answering == nullptr ? kDefaults : *policy.answering;

  jobs_.assign(request.descriptors.size(), Job());
  key_bytes_.clear();
  path_bytes_.clear();
  tallies_.clear();
  is_undecided_ = was_left_ = false;
  if (const auto domain = policy.limits->find_domain(request.domain)) {
    if (auto found = find_limits(*policy.limits, *domain, request); !found) return std::unexpected(found.error());
    drop_replaced(*policy.limits);
    const bool atomic = policy.limits->is_atomic(*domain);
    const Counting counting = atomic ? Counting::kAdmitted : answering.counting;
    charge(counting, atomic, now);
    if (is_undecided_) return fail(ErrorCode::kUnavailable, "the counters cannot be reached");
    for (const Job& job : jobs_) tally(job, counting);
  }
  answer(answering, request);
  return &response_;
}

Result<void> Decider::find_limits(const RateLimits& limits, RateLimits::DomainId domain,
                                  const DescriptorRequest& request) {
  for (size_t i = 0; i < jobs_.size(); ++i) {
    const Descriptor& descriptor = request.descriptors[i];
    Job& job = jobs_[i];
    const uint64_t hits = descriptor.hits_addend ? *descriptor.hits_addend : std::max(1U, request.hits_addend);
    job.hits = std::min(hits, kUnitsMax + 1);  // more than any counter holds; a sum must not wrap
    job.gives_back = descriptor.is_negative_hits;
    const RateLimit* matched = limits.match(domain, descriptor.entries, scratch_);
    if (descriptor.limit) {
      job.limit = matched;  // for use_override() to compare with
      if (auto used = use_override(job, *descriptor.limit, request.domain, descriptor); !used) return used;
    } else if (matched != nullptr) {
      use_configured(job, *matched, request.domain, descriptor);
    }
  }
  return {};
}

// The request's own limit uses the configured one's counter if their windows are the same; otherwise it would cut the
// other's windows short.
Result<void> Decider::use_override(Job& job, const Override& given, std::string_view domain,
                                   const Descriptor& descriptor) {
  const RateLimit* configured = std::exchange(job.limit, nullptr);
  if (configured != nullptr) job.store = configured->spec.store;
  const auto period = period_of(given);
  if (!period) return std::unexpected(period.error());
  job.period = *period;
  job.is_limited = true;
  job.current = {
      .requests_per_unit = given.requests_per_unit, .unit = given.unit, .unit_multiplier = given.unit_multiplier};
  job.own = *Limit::fixed_window(std::max(1U, given.requests_per_unit), job.period);
  job.counting = *Limit::fixed_window(kUnitsMax, job.period);
  job.is_impossible = !write_key(job, domain, descriptor.entries, false);
  const bool same_window = configured != nullptr && configured->counting && configured->spec.period == job.period;
  if (same_window) return {};
  // One counter for one period, in whatever units it was written.
  const Unit named = unit_of(job.period);
  CounterKey::append_part(key_bytes_, named != Unit::kUnknown ? std::string(to_string(named))
                                                              : fmt::format("{}s", job.period.ceil_seconds()));
  job.key_end = key_bytes_.size();
  return {};
}

void Decider::use_configured(Job& job, const RateLimit& limit, std::string_view domain, const Descriptor& descriptor) {
  job.limit = &limit;
  if (limit.detailed_metric || limit.value_to_metric) write_path(job, domain, descriptor.entries);
  if (limit.spec.unlimited) return;
  job.is_limited = true;
  job.store = limit.spec.store;
  job.period = limit.spec.period;
  const UnitCount units = units_of(limit.spec.period);
  job.current = {.requests_per_unit = limit.spec.requests_per_unit,
                 .unit = units.unit,
                 .unit_multiplier = units.multiplier,
                 .name = limit.told_name};
  job.own = limit.spec.limit ? *limit.spec.limit : *limit.counting;  // a ban counts in windows
  if (limit.counting) job.counting = *limit.counting;
  job.is_impossible = !write_key(job, domain, descriptor.entries, true);
}

bool Decider::write_key(Job& job, std::string_view domain, std::span<const Entry> entries, bool share) {
  // A part's two bytes of length and its mark; those of the domain and the period of an override, and its name.
  constexpr size_t kPartOverhead = 5;
  constexpr size_t kRest = 16;
  size_t size = kRest + domain.size();
  for (const Entry& entry : entries) size += kPartOverhead + entry.key.size() + entry.value.size();
  job.key_begin = job.key_end = key_bytes_.size();
  if (size > kCounterKeyMax) return false;
  CounterKey::append_descriptor(key_bytes_, domain, job.own.algorithm);
  for (size_t i = 0; i < entries.size(); ++i) {
    const bool is_shared = share && scratch_.entries[i].share_threshold;
    CounterKey::append_part(key_bytes_, entries[i].key);
    key_bytes_.push_back(is_shared ? kShared : kLiteral);
    CounterKey::append_part(key_bytes_, is_shared ? scratch_.entries[i].pattern : entries[i].value);
  }
  job.key_end = key_bytes_.size();
  return job.key_end - job.key_begin <= kCounterKeyMax;
}

// As envoyproxy/ratelimit builds the names of its statistics: detailed_metric shows every value, value_to_metric those
// of the descriptors that ask for it, and shared values stay the pattern.
void Decider::write_path(Job& job, std::string_view domain, std::span<const Entry> entries) {
  const bool detailed = job.limit->detailed_metric;
  job.path_begin = path_bytes_.size();
  path_bytes_ += domain;
  for (size_t i = 0; i < entries.size(); ++i) {
    const MatchedEntry& met = scratch_.entries[i];
    std::string_view value = entries[i].value;
    if (met.share_threshold) {
      value = met.pattern;
    } else if (!detailed && !met.value_to_metric) {
      if (met.by == MatchedEntry::By::kWildcard) value = met.pattern;
      if (met.by == MatchedEntry::By::kKey) value = {};
    }
    append_labelled(path_bytes_, entries[i].key, value);
  }
  job.path_end = path_bytes_.size();
}

void Decider::drop_replaced(const RateLimits& limits) {
  if (limits.names() == 0) return;
  bool any = false;
  for (const Job& job : jobs_) any = any || (job.limit != nullptr && !job.limit->replaces.empty());
  if (!any) return;
  is_replaced_.assign(limits.names(), false);
  for (const Job& job : jobs_) {
    if (job.limit == nullptr) continue;
    for (const uint32_t name : job.limit->replaces) is_replaced_[name] = true;
  }
  for (Job& job : jobs_) {
    if (job.limit == nullptr || job.limit->spec.unlimited || !job.limit->name) continue;
    if (is_replaced_[*job.limit->name]) job = Job();
  }
}

void Decider::tally(const Job& job, Counting counting) {
  const bool is_unlimited = job.limit != nullptr && job.limit->spec.unlimited;
  if (!job.is_limited && !is_unlimited) return;
  DescriptorTally& out = tallies_.emplace_back();
  out.limit = job.limit;
  out.path = std::string_view(path_bytes_).substr(job.path_begin, job.path_end - job.path_begin);
  out.key = key_of(job);
  out.degraded = job.degraded;
  out.refuses = job.is_limited && job.over && job.mode() == Mode::kEnforce;
  if (job.gives_back) {
    out.given_back = job.hits;
    return;
  }
  out.total = job.hits;
  out.debt_is_cut = job.debt_is_cut;
  const uint64_t near = near_threshold(job.most);
  if (!job.over) {
    out.within = job.hits;
    if (job.is_limited && job.after > near) out.near = job.before >= near ? job.hits : job.after - near;
    return;
  }
  out.over = job.hits;
  // If every hit is counted, some of them may have fitted.
  if (counting != Counting::kAdmitted && job.before < job.most && job.after > job.most) {
    out.over = job.after - job.most;
    out.near = job.most - std::max(near, job.before);
  }
  if (job.mode() == Mode::kShadow) out.shadowed = job.hits;
}

void Decider::answer(const Answering& answering, const DescriptorRequest& request) {
  response_.statuses.clear();
  response_.response_headers.clear();
  response_.dynamic_metadata.reset();
  bool refused = false;
  bool has_quota = false;
  bool all_quota_over = true;
  for (const Job& job : jobs_) {
    add_status(job);
    const bool over = response_.statuses.back().code == Code::kOverLimit;
    if (job.is_limited && job.limit != nullptr && job.limit->quota_mode) {
      has_quota = true;
      all_quota_over = all_quota_over && over;
    } else {
      refused = refused || over;
    }
  }
  refused = refused || (has_quota && all_quota_over);
  was_shadowed_ = refused && answering.shadow_mode;
  response_.overall = refused && !answering.shadow_mode ? Code::kOverLimit : Code::kOk;
  if (answering.response_headers) add_headers(*answering.response_headers);
  if (!answering.dynamic_metadata) return;
  response_.dynamic_metadata = describe_request(request);
  Value passed = Value::structure();
  for (size_t i = 0; i < jobs_.size(); ++i) {
    const bool counts = jobs_[i].is_limited && jobs_[i].limit != nullptr && jobs_[i].limit->metadata;
    if (counts && response_.statuses[i].code == Code::kOk) passed.merge(*jobs_[i].limit->metadata);
  }
  if (!passed.fields.empty()) response_.dynamic_metadata->add("metadata", std::move(passed));
}

void Decider::add_status(const Job& job) {
  DescriptorStatus& out = response_.statuses.emplace_back();
  if (!job.is_limited) {
    if (job.limit != nullptr) out.limit_remaining = UINT32_MAX;  // unlimited
    return;
  }
  out.code = job.over && job.mode() == Mode::kEnforce ? Code::kOverLimit : Code::kOk;
  out.current_limit = job.current;
  out.limit_remaining = job.remaining();
  out.until_reset = job.until_reset;
}

// The fields of the descriptor with the least left; if one refuses, of the last that does. Descriptors in quota mode
// never refuse by themselves.
void Decider::add_headers(const HeaderNames& names) {
  const DescriptorStatus* speaks = nullptr;
  uint32_t least = UINT32_MAX;
  for (size_t i = 0; i < jobs_.size(); ++i) {
    const DescriptorStatus& status = response_.statuses[i];
    if (!status.current_limit) continue;
    const bool quota = jobs_[i].limit != nullptr && jobs_[i].limit->quota_mode;
    const bool refuses = status.code == Code::kOverLimit && !quota;
    if (status.limit_remaining >= least && !refuses) continue;
    speaks = &status;
    least = refuses ? 0 : status.limit_remaining;
  }
  if (speaks == nullptr) return;
  response_.response_headers.push_back({names.limit, fmt::format("{}", speaks->current_limit->requests_per_unit)});
  response_.response_headers.push_back({names.remaining, fmt::format("{}", speaks->limit_remaining)});
  response_.response_headers.push_back({names.reset, fmt::format("{}", speaks->until_reset->ceil_seconds())});
}

}  // namespace rateguard::envoy

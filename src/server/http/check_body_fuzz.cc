// Bodies of POST /check, /v1/check/batch and /v1/release: whatever comes, what was read is within its bounds.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/check.h"
#include "server/hold_text.h"
#include "server/http/answer.h"
#include "server/http/check_form.h"

namespace {

using namespace rateguard;

void check_entry(http_api::CheckBody& body) {
  RG_CHECK(body.key_parts_count <= http_api::kKeyPartsMax);
  RG_CHECK(body.headers.size() <= http_api::kFactHeadersMax);
  RG_CHECK(body.errors.size() <= http_api::kFieldErrorsMax);
  http_api::CheckForm form;
  const bool good = http_api::read_form(body, form);
  RG_CHECK(good == body.errors.empty());
  if (!good) {
    std::string out;
    http_api::append_problem(out, http_api::problem_of(std::move(body.errors)));
    RG_CHECK(out.size() > 2);
    return;
  }
  if (const auto* ad_hoc = std::get_if<http_api::AdHocCheck>(&form)) {
    RG_CHECK(!ad_hoc->key.empty() && ad_hoc->key.size() <= 1024);
    RG_CHECK(ad_hoc->limit.capacity >= 1 && ad_hoc->limit.rate.units >= 1);
    RG_CHECK(ad_hoc->limit.period() >= kPeriodMin && ad_hoc->limit.period() <= kPeriodMax);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static http_api::CheckBodyParser parser;  // reused, as a loop reuses it
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (auto check = parser.parse_check(text)) check_entry(**check);
  if (auto batch = parser.parse_batch(text)) {
    RG_CHECK(!batch->empty() && batch->size() <= http_api::kBatchMax);
    for (http_api::CheckBody& body : *batch) check_entry(body);
  }
  if (auto hold = parser.parse_release(text)) {
    HoldId id;
    if (server::parse_hold(*hold, id)) {
      std::string again;
      server::append_hold(again, id);
      RG_CHECK(again.size() == hold->size());
    }
  }
  return 0;
}

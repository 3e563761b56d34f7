// What an upstream answers, in both dialects and shapes. Where the bytes are cut makes no difference.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "usage/usage_chunk_filter.h"
#include "usage/usage_reader.h"

using namespace rateguard::usage;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  for (const UsageDialect dialect : {UsageDialect::kOpenAi, UsageDialect::kAnthropic}) {
    for (const AnswerShape shape : {AnswerShape::kJson, AnswerShape::kEvents}) {
      UsageReader whole(dialect, shape);
      UsageReader cut(dialect, shape);
      whole.read(body);
      for (size_t at = 0; at < size; at += 3) cut.read(body.substr(at, 3));
      whole.finish();
      cut.finish();
      const TokenUsage usage = whole.usage(1);
      RG_CHECK(usage == cut.usage(1));
      RG_CHECK(whole.is_whole() == cut.is_whole());
      RG_CHECK(usage.input >= 0 && usage.cached_input >= 0 && usage.cache_write >= 0 &&
               usage.output >= usage.reasoning);
    }
  }
  UsageChunkFilter filter;
  std::string out;
  filter.read(body, out);
  filter.finish(out);
  RG_CHECK(out.size() <= size);
  return 0;
}

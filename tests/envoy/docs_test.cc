// Every YAML block of docs/envoy.md and docs/migrate_*.md loads: Envoy's files as such, RateGuard's as such.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "config/config.h"
#include "config/envoy_reader.h"
#include "envoy/rate_limits.h"

namespace rateguard {
namespace {

struct Block {
  std::string place;  // "docs/envoy.md:31"
  std::string text;
};

std::vector<Block> yaml_blocks(const std::filesystem::path& page) {
  std::ifstream file(page);
  std::vector<Block> blocks;
  bool inside = false;
  int number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    if (inside && line == "```") {
      inside = false;
    } else if (inside) {
      blocks.back().text += line + "\n";
    } else if (line == "```yaml") {
      inside = true;
      blocks.push_back({.place = page.filename().string() + ":" + std::to_string(number), .text = {}});
    }
  }
  return blocks;
}

std::string problem(const Block& block) {
  if (!block.text.contains("domain:")) {
    const auto config = config::parse(block.text, block.place);
    return config ? "" : config.error().to_string();
  }
  auto spec = config::parse_envoy(block.text, block.place);
  if (!spec) return spec.error().to_string();
  const auto limits = envoy::RateLimits::compile({std::move(*spec)}, envoy::SameDomain::kRejected);
  return limits ? "" : limits.error().to_string();
}

TEST(Docs, EveryConfigurationLoads) {
  const std::filesystem::path docs = std::filesystem::path(RATEGUARD_SOURCE_DIR) / "docs";
  size_t pages = 0;
  for (const auto& entry : std::filesystem::directory_iterator(docs)) {
    const std::string name = entry.path().filename().string();
    if (name != "envoy.md" && !name.starts_with("migrate_")) continue;
    ++pages;
    const auto blocks = yaml_blocks(entry.path());
    EXPECT_FALSE(blocks.empty()) << name;
    for (const Block& block : blocks) EXPECT_EQ(problem(block), "") << block.place;
  }
  EXPECT_EQ(pages, 5u);
}

}  // namespace
}  // namespace rateguard

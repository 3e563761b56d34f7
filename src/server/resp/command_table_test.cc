// The table and what follows from it: look-up, the documentation, the fuzz seeds.
//
// docs/resp_commands.md is generated again by RATEGUARD_WRITE_DOCS=1 server_resp_test --gtest_filter='CommandTable.*'.
#include "server/resp/command_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>
#include <string>

#include "server/resp/resp_metrics.h"

namespace rateguard::resp {
namespace {

const std::filesystem::path kRoot = std::filesystem::path(__FILE__).parent_path() / "../../..";

std::string read(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string upper(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

// Lines of at most 100 columns, as in every page; headings stay whole.
std::string wrapped(const std::string& text) {
  constexpr size_t kColumns = 100;
  std::string out;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line); out += line + "\n") {
    while (line.size() > kColumns && !line.starts_with('#')) {
      const size_t space = line.rfind(' ', kColumns);
      if (space == std::string::npos) break;
      out += line.substr(0, space) + "\n";
      line.erase(0, space + 1);
    }
  }
  return out;
}

TEST(CommandTable, NamesAreUniqueAndIgnoreCase) {
  std::set<std::string_view> names;
  for (const Command& command : commands()) {
    EXPECT_TRUE(names.insert(command.name).second) << command.name;
    const size_t bar = command.name.find('|');
    if (bar == std::string_view::npos) {
      EXPECT_EQ(find_command(upper(std::string(command.name))), &command);
      EXPECT_EQ(command.answer == nullptr, has_subcommands(command) && command.name != "command");
    } else {
      const Command* const parent = find_command(command.name.substr(0, bar));
      ASSERT_NE(parent, nullptr) << command.name;
      EXPECT_TRUE(has_subcommands(*parent));
      EXPECT_EQ(find_subcommand(*parent, upper(std::string(command.name.substr(bar + 1)))), &command);
      EXPECT_EQ(find_command(command.name), nullptr);
    }
  }
  EXPECT_LT(commands().size(), kRespCommandsMax);
  EXPECT_EQ(find_command(""), nullptr);
  EXPECT_EQ(find_command(std::string(100, 'x')), nullptr);
}

TEST(CommandTable, ArityAgreesWithTheArguments) {
  using Presence = Argument::Presence;
  for (const Command& command : commands()) {
    const auto required = std::ranges::count_if(command.arguments, [](const Argument& argument) {
      return argument.presence == Presence::kRequired || argument.presence == Presence::kMany;
    });
    const auto words = required + 1 + (command.is_subcommand() ? 1 : 0);
    const bool checks_itself = command.name == "cl.throttle";  // it has a text of its own for that
    const bool group = command.answer == nullptr;
    if (checks_itself || group) continue;
    EXPECT_EQ(std::abs(command.arity), words) << command.name;
  }
}

TEST(CommandTable, TheReferenceMatchesTheTable) {
  const std::filesystem::path page = kRoot / "docs/resp_commands.md";
  if (std::getenv("RATEGUARD_WRITE_DOCS") != nullptr)
    std::ofstream(page, std::ios::binary) << wrapped(command_reference());
  EXPECT_EQ(read(page), wrapped(command_reference())) << "see the top of command_table_test.cc";
}

TEST(CommandTable, EachCommandHasAFuzzSeed) {
  std::string seeds;
  for (const auto& file : std::filesystem::directory_iterator(kRoot / "fuzz/corpus/resp_server")) {
    seeds += upper(read(file.path())) + "\n";
  }
  for (const Command& command : commands()) {
    std::string name = upper(std::string(command.name));
    const size_t bar = name.find('|');
    const std::string last = bar == std::string::npos ? name : name.substr(bar + 1);
    EXPECT_NE(seeds.find(last), std::string::npos) << name << " has no seed in fuzz/corpus/resp_server";
  }
}

}  // namespace
}  // namespace rateguard::resp

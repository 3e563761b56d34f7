// What shells offer, by the scripts that the program prints.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "support/patience.h"
#include "support/program.h"

namespace rateguard::test {
namespace {

TEST(CompletionTest, CompletionScriptsKnowEveryCommand) {
  for (const char* shell : {"bash", "zsh", "fish"}) {
    const Finished script = run({"completion", shell});
    EXPECT_EQ(script.exit_code, 0);
    for (const char* word : {"serve", "simulate", "html"})
      EXPECT_TRUE(contains(script.out, word)) << shell << " " << word;
  }
  const TemporaryFolder folder;
  const std::string file = folder.write("completion.bash", run({"completion", "bash"}).out);
  const std::string command = "bash -c 'source " + file +
                              "; COMP_WORDS=(rateguard simulate --ht); COMP_CWORD=2; _rateguard; "
                              "[ \"${COMPREPLY[0]}\" = --html ]'";
  EXPECT_EQ(std::system(command.c_str()), 0);
}

// What a shell offers for the words of a command line; the last one is not complete.
std::string offered_by(const std::string& shell, const std::string& script, const std::string& line) {
  const std::string command =
      shell == "fish"
          ? "fish --no-config -c 'source " + script + "; complete -C \"" + line + "\"' 2>&1"
          : "bash -c 'source " + script + "; COMP_WORDS=(" + line +
                "); COMP_CWORD=$(( ${#COMP_WORDS[@]} - 1 )); _rateguard; printf \"%s\\n\" \"${COMPREPLY[@]}\"' 2>&1";
  std::FILE* const pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return "popen failed";
  std::string out;
  char block[4096];
  while (const size_t got = std::fread(block, 1, sizeof block, pipe)) out.append(block, got);
  pclose(pipe);
  return out;
}

bool is_there(const std::string& program) {
  return std::system(("command -v " + program + " >/dev/null").c_str()) == 0;
}

TEST(CompletionTest, ShellsCompleteValuesToo) {
  const TemporaryFolder folder;
  for (const std::string shell : {"bash", "fish"}) {
    ASSERT_TRUE(is_there(shell)) << "tools/install_packages test brings it";
    const std::string script = folder.write("completion." + shell, run({"completion", shell}).out);
    const auto offers = [&](const std::string& line) { return "\n" + offered_by(shell, script, line); };
    const auto only = [&](const std::string& line, const std::vector<std::string>& words) {
      const std::string text = offers(line);
      for (const std::string& word : words) EXPECT_TRUE(contains(text, "\n" + word)) << line << text;
      EXPECT_EQ(static_cast<size_t>(std::ranges::count(text, '\n')), words.size() + 1) << line << text;
    };
    only("rateguard val", {"validate"});
    only("rateguard simulate --ht", {"--html"});
    only("rateguard simulate --format j", {"jsonl"});
    only("rateguard serve --log-level w", {"warn"});
    only("rateguard serve --log-format t", {"text"});
    EXPECT_FALSE(contains(offers("rateguard simulate --log-format t"), "text")) << "the layout of a log is free text";
    only("rateguard check --algorithm g", {"gcra"});
    only("rateguard completion z", {"zsh"});
    only("rateguard help comp", {"completion"});
    only("rateguard keys rot", {"rotate"});
    only("rateguard limits s", {"set"});
    only("rateguard workspaces set acme --state s", {"suspended"});
    only("rateguard keys create --wor", {"--workspace"});
    EXPECT_TRUE(
        contains(offers("rateguard validate --json " + folder.path().string() + "/comp"), "completion." + shell))
        << "a flag takes no value: a file may follow it";
    EXPECT_TRUE(contains(offers("rateguard validate " + folder.path().string() + "/comp"), "completion." + shell));
    EXPECT_FALSE(contains(offers("rateguard bench --threads "), "completion")) << "a number is no file";
  }
}

TEST(CompletionTest, ZshCompletesCommandsOptionsAndValues) {
  ASSERT_TRUE(is_there("zsh")) << "tools/install_packages test brings it";
  const TemporaryFolder folder;
  folder.write("_rateguard", run({"completion", "zsh"}).out);
  // zsh completes on a terminal only: zpty gives it one. Once it prompts, the words and a tab are typed; the driver
  // ends when the completed line has been drawn, or is ended.
  const auto completes = [&](const std::string& line, const std::string& completed) {
    const std::string driver = folder.write(
        "driver.zsh",
        "zmodload zsh/zpty\n"
        "zpty shell zsh -f -i\n"
        "zpty -w shell 'fpath=(" +
            folder.path().string() +
            " $fpath); autoload -Uz compinit; compinit -u -D; bindkey \"^I\" complete-word; PS1=is-\"ready \"'\n"
            "zpty -m -r shell text '*is-ready *'\n"
            "zpty -n -w shell '" +
            line +
            "'$'\\t'\n"
            "zpty -m -r shell text '*" +
            completed + "*'\n");
    return std::system(("timeout 30 zsh -f " + driver + " >/dev/null 2>&1").c_str()) == 0;
  };
  EXPECT_TRUE(completes("rateguard val", "validate"));
  EXPECT_TRUE(completes("rateguard simulate --format j", "jsonl"));
  EXPECT_TRUE(completes("rateguard serve --log-level w", "warn"));
  EXPECT_TRUE(completes("rateguard completion z", "zsh"));
  EXPECT_TRUE(completes("rateguard simulate --ht", "--html"));
}

}  // namespace
}  // namespace rateguard::test

// The catalog from the command line: the real program, its exit codes, and a server that has the same catalog.
#include <gtest/gtest.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "support/http_connection.h"
#include "support/patience.h"
#include "support/program.h"

namespace rateguard::test {
namespace {

// Commands on the catalog of one data folder.
struct CatalogCliTest : testing::Test {
  Finished command(std::vector<std::string> words) {
    words.insert(words.end(), {"--data", data});
    return run(words);
  }
  Finished done(const std::vector<std::string>& words) {
    Finished finished = command(words);
    EXPECT_EQ(finished.exit_code, 0) << finished.err;
    return finished;
  }
  void make_acme() {
    done({"plans", "create", "pro", "--limit", "chat=600/m"});
    done({"workspaces", "create", "acme", "--plan", "pro"});
  }

  TemporaryFolder folder;
  std::string data = folder.path() / "data";
};

TEST_F(CatalogCliTest, ANewKeyIsAloneOnStandardOutput) {
  make_acme();
  const Finished made = done({"keys", "create", "--workspace", "acme", "--plan", "pro"});
  EXPECT_TRUE(made.out.starts_with("rg_live_")) << made.out;
  EXPECT_EQ(made.out.find('\n'), made.out.size() - 1);
  EXPECT_TRUE(contains(made.err, "this is shown once")) << made.err;
  const std::string key = made.out.substr(0, made.out.size() - 1);
  for (const char* const option : {"--json", "--max=5"}) {
    const Finished listed = done({"keys", "list", option});
    EXPECT_FALSE(contains(listed.out + listed.err, key));
  }
  EXPECT_TRUE(contains(done({"keys", "create", "--workspace", "acme", "--json"}).out, R"("secret":"rg_live_)"));
}

TEST_F(CatalogCliTest, ExitCodesSayWhoseFaultItIs) {
  EXPECT_EQ(command({"plans", "list"}).exit_code, 4) << "nothing is made by looking";
  EXPECT_FALSE(std::filesystem::exists(data));
  make_acme();
  EXPECT_EQ(command({"plans", "show", "prp"}).exit_code, 1);
  EXPECT_TRUE(contains(command({"plans", "show", "prp"}).err, "did you mean 'pro'?"));
  EXPECT_EQ(command({"plans", "create", "pro"}).exit_code, 1);
  EXPECT_EQ(command({"plans", "make", "pro"}).exit_code, 2);
  EXPECT_EQ(command({"plans", "create", "x", "--title", ""}).exit_code, 2);
  EXPECT_EQ(command({"plans", "create", "x", "--max", "0"}).exit_code, 2);
  EXPECT_EQ(run({"plans", "list"}).exit_code, 2) << "of which catalog?";
  EXPECT_EQ(run({"plans", "list", "--server", "127.0.0.1:1"}).exit_code, 2) << "without a token";
  EXPECT_EQ(run({"plans", "list", "--server", "127.0.0.1:1"}, {}, {{"RATEGUARD_ADMIN_TOKEN", "t"}}).exit_code, 4);
  EXPECT_EQ(run({"plans", "list", "--server", "x"}, {}, {{"RATEGUARD_ADMIN_TOKEN", "t"}}).exit_code, 2);
  EXPECT_TRUE(contains(run({"plans", "list", "--server", "127.0.0.1:1", "--data", data}).err,
                       "--data does not go with --server"));
}

TEST_F(CatalogCliTest, ACatalogThatCannotBeLookedForIsNotSaidToBeMissing) {
  std::filesystem::create_directory_symlink("data", data);  // it leads to itself
  const Finished refused = command({"plans", "list"});
  EXPECT_EQ(refused.exit_code, 4);
  EXPECT_EQ(refused.err, "rateguard: " + data + "/catalog.db: Too many levels of symbolic links\n");
}

TEST_F(CatalogCliTest, AnotherProgramsFileIsLeftAlone) {
  std::filesystem::create_directory(data);
  folder.write("data/catalog.db", "not a database, but longer than the header of one: some notes about nothing\n");
  const Finished refused = command({"plans", "create", "pro"});
  EXPECT_EQ(refused.exit_code, 4) << refused.err;
  EXPECT_TRUE(contains(refused.err, "catalog.db")) << refused.err;
}

TEST_F(CatalogCliTest, ApplyAsksUnlessItIsTold) {
  const std::string file = folder.write("catalog.yaml", "plans:\n  - {name: pro, limits: {chat: 5/m}}\n");
  const Finished shown = command({"apply", "-f", file, "--dry-run"});
  EXPECT_EQ(shown.exit_code, 4) << "there is no catalog yet, and looking makes none";
  const Finished unasked = command({"apply", "-f", file});
  EXPECT_EQ(unasked.exit_code, 2);
  EXPECT_TRUE(contains(unasked.err, "nothing was changed")) << unasked.err;
  EXPECT_TRUE(contains(unasked.out, "+ plan pro")) << unasked.out;
  EXPECT_FALSE(std::filesystem::exists(data)) << "not even a catalog was made";
  EXPECT_EQ(done({"apply", "-f", file, "--yes"}).out, unasked.out);
  EXPECT_EQ(done({"apply", "-f", file, "--yes"}).out, "nothing to do\n");
  const std::string bad = folder.write("bad.yaml", "plan:\n  - {name: pro}\n");
  const Finished refused = command({"apply", "-f", bad, "--yes"});
  EXPECT_EQ(refused.exit_code, 3);
  EXPECT_TRUE(contains(refused.err, bad + ":1:1: ")) << refused.err;
  EXPECT_EQ(command({"apply", "-f", folder.path() / "absent.yaml"}).exit_code, 3);
}

// What the program says to a person at a terminal who types `answer`.
std::string at_a_terminal(const std::vector<std::string>& words, const std::string& answer) {
  int terminal = -1;
  const pid_t child = forkpty(&terminal, nullptr, nullptr, nullptr);
  if (child == 0) {
    std::vector<char*> arguments = {const_cast<char*>(RATEGUARD_PROGRAM)};
    for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    execv(RATEGUARD_PROGRAM, arguments.data());
    _exit(127);
  }
  EXPECT_EQ(write(terminal, answer.data(), answer.size()), static_cast<ssize_t>(answer.size()));
  std::string said;
  char block[1'024];
  for (ssize_t got = 0; (got = read(terminal, block, sizeof block)) > 0;) said.append(block, static_cast<size_t>(got));
  close(terminal);
  waitpid(child, nullptr, 0);
  return said;
}

TEST_F(CatalogCliTest, ApplyMakesACatalogOnlyAfterTheYes) {
  const std::string file =
      folder.write("catalog.yaml", "plans:\n  - {name: pro}\nworkspaces:\n  - {name: a, plan: pro}\n");
  const std::vector<std::string> words = {"apply", "-f", file, "--data", data};
  EXPECT_TRUE(contains(at_a_terminal(words, "n\n"), "nothing was changed"));
  EXPECT_FALSE(std::filesystem::exists(data));
  EXPECT_TRUE(contains(at_a_terminal(words, "y\n"), "2 changes made"));
  EXPECT_TRUE(contains(done({"workspaces", "list"}).out, "pro"));
}

// Half a file would be half a catalog, and with --prune the rest of it would go.
TEST_F(CatalogCliTest, AFileThatCannotBeReadToItsEndIsNotApplied) {
  make_acme();
  const Finished refused = command({"apply", "-f", "/proc/self/mem", "--prune", "--yes"});
  EXPECT_EQ(refused.exit_code, 3);
  EXPECT_EQ(refused.err, "rateguard: /proc/self/mem: Input/output error\n");
  EXPECT_EQ(refused.out, "");
}

TEST_F(CatalogCliTest, LimitsAreNotCutSoThatTheyTakeNoMax) {
  const Finished refused = command({"limits", "list", "--plan", "pro", "--max", "5"});
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_TRUE(contains(refused.err, "limits: there is no option '--max'")) << refused.err;
}

TEST_F(CatalogCliTest, AnExportGoesToAFileThatApplyTakes) {
  make_acme();
  const std::string file = folder.path() / "now.yaml";
  done({"export", "--out", file});
  EXPECT_EQ(read_file(file), done({"export"}).out);
  EXPECT_EQ(done({"apply", "-f", file, "--prune", "--yes"}).out, "nothing to do\n");
  EXPECT_EQ(command({"export", "--out", "/no/such/folder/x.yaml"}).exit_code, 4);
  EXPECT_EQ(done({"export", "--out", "-"}).out, read_file(file));
}

TEST_F(CatalogCliTest, AnExportOverwritesNothingThatTheServiceReads) {
  make_acme();
  const std::string config = folder.write("rateguard.yaml", "data_dir: " + data + "\n");
  folder.write("data/catalog.db-wal", "");
  for (const std::string& kept : {data + "/catalog.db", data + "/catalog.db-wal", config}) {
    const std::string before = read_file(kept);
    const Finished refused = run({"export", "--out", kept, "--config", config});
    EXPECT_EQ(refused.exit_code, 2) << kept;
    EXPECT_EQ(refused.err, "rateguard: " + kept + ": writing there would overwrite " + kept +
                               ", which is read; name another file\n");
    EXPECT_TRUE(read_file(kept) == before) << kept;
  }
}

}  // namespace
}  // namespace rateguard::test

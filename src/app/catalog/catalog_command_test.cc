// Every command, straight on a catalog and at a server: the same words, the same answers.
#include "app/catalog/catalog_command.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "app/catalog/catalog_service_testing.h"
#include "catalog/keys/key_text.h"

namespace rateguard::app {
namespace {

class CatalogCommandTest : public testing::TestWithParam<AskedHow> {
 protected:
  // "keys create --workspace acme": as on a command line; an option's value is the word after it.
  Result<CommandOutput> run(const std::vector<std::string>& line) {
    CatalogWords words = {.noun = line.at(0)};
    size_t at = 1;
    words.action = words.noun == "audit" ? "list" : line.at(at++);
    for (; at < line.size(); ++at) {
      if (!line[at].starts_with("--")) {
        words.names.push_back(line[at]);
      } else if (line[at] == "--test") {
        words.options["--test"] = {"true"};
      } else {
        words.options[line[at]].push_back(line.at(at + 1));
        ++at;
      }
    }
    return run_catalog_command(catalog_.service(), words);
  }
  CommandOutput done(const std::vector<std::string>& line) {
    auto output = run(line);
    EXPECT_TRUE(output) << (output ? "" : output.error().message);
    return output ? std::move(*output) : CommandOutput{};
  }
  // What is said about a command that fails.
  std::string refusal(const std::vector<std::string>& line) {
    const auto output = run(line);
    EXPECT_FALSE(output);
    return output ? output->note : output.error().message;
  }
  void make_acme() {
    done({"plans", "create", "pro", "--title", "Pro", "--limit", "chat=600/m"});
    done({"workspaces", "create", "acme", "--title", "Acme Ltd.", "--plan", "pro"});
  }

  CatalogForTests catalog_{GetParam()};
};

std::string how_text(const testing::TestParamInfo<AskedHow>& info) {
  return info.param == AskedHow::kStraight ? "Straight" : "AtAServer";
}
INSTANTIATE_TEST_SUITE_P(Both, CatalogCommandTest, testing::Values(AskedHow::kStraight, AskedHow::kAtAServer),
                         how_text);

TEST_P(CatalogCommandTest, AKeyIsMadeByNamesAndItsSecretIsShownOnce) {
  make_acme();
  const CommandOutput made =
      done({"keys", "create", "backend", "--workspace", "acme", "--plan", "pro", "--tag", "team=search"});
  EXPECT_EQ(catalog::look_at_key(made.secret).form, catalog::KeyForm::kWellFormed) << made.secret;
  EXPECT_TRUE(made.note.starts_with("key backend made (key_")) << made.note;
  EXPECT_TRUE(catalog::find_by_sha256<catalog::ApiKeyRecord>(catalog_.store(), catalog::key_sha256(made.secret)));
  EXPECT_TRUE(done({"keys", "create", "--workspace", "acme"}).note.starts_with("key made (key_"));
  const CommandOutput shown = done({"keys", "show", "backend"});
  EXPECT_TRUE(shown.text.contains("workspace_id")) << shown.text;
  EXPECT_TRUE(shown.text.contains("team=search")) << shown.text;
  EXPECT_FALSE((shown.text + shown.json).contains(made.secret));
  const CommandOutput listed = done({"keys", "list", "--workspace", "acme"});
  EXPECT_TRUE(listed.text.starts_with("NAME     KEY")) << listed.text;
  EXPECT_TRUE(listed.text.contains("backend  rg_live_..." + made.secret.substr(made.secret.size() - 4) + "  acme"))
      << listed.text;
  EXPECT_TRUE(listed.text.contains("  active  ")) << listed.text;
}

TEST_P(CatalogCommandTest, JsonIsTheEnvelopeOfTheApi) {
  make_acme();
  const boost::json::value list = boost::json::parse(done({"plans", "list"}).json);
  EXPECT_EQ(list.at("data").at(0).at("name").as_string(), "pro");
  EXPECT_TRUE(list.at("meta").is_object());
  EXPECT_FALSE(list.at("pagination").at("has_more").as_bool());
  const boost::json::value one = boost::json::parse(done({"plans", "show", "pro"}).json);
  EXPECT_EQ(one.at("data").at("limits").at("chat").as_string(), "600/m");
}

TEST_P(CatalogCommandTest, IdsAreTakenWhereverNamesAre) {
  make_acme();
  const boost::json::value shown = boost::json::parse(done({"workspaces", "show", "acme"}).json);
  const std::string id(shown.at("data").at("id").as_string());
  done({"keys", "create", "backend", "--workspace", id});
  EXPECT_TRUE(done({"workspaces", "show", id}).text.contains("Acme Ltd."));
  EXPECT_TRUE(done({"keys", "list", "--workspace", id}).text.contains("backend"));
}

TEST_P(CatalogCommandTest, AnUnknownNameIsAnsweredWithTheNearestKnownOne) {
  make_acme();
  EXPECT_EQ(refusal({"workspaces", "show", "acne"}), "there is no workspace 'acne'; did you mean 'acme'?");
  EXPECT_EQ(refusal({"keys", "create", "--workspace", "acmee"}),
            "--workspace: there is no workspace 'acmee'; did you mean 'acme'?");
  EXPECT_EQ(refusal({"plans", "show", "enterprise"}),
            "there is no plan 'enterprise'; `rateguard plans list` shows those that there are");
  EXPECT_EQ(refusal({"keys", "lst"}), "there is no action 'lst'; did you mean 'list'?");
  EXPECT_TRUE(refusal({"keys", "fly"}).starts_with("there is no action 'fly'; expected list, show, create,"));
  EXPECT_EQ(refusal({"keys", "show"}), "KEY is missing: which key?");
  EXPECT_EQ(refusal({"keys", "show", "a", "--plan", "pro"}), "--plan does not go with show; leave it out");
  EXPECT_EQ(refusal({"keys", "create", "a", "--grace", "1h"}), "--grace does not go with create; leave it out");
  EXPECT_EQ(refusal({"keys", "set", "a", "--test"}), "--test does not go with set; leave it out");
  EXPECT_EQ(refusal({"keys", "list", "a"}), "'a' is one argument too many");
}

TEST_P(CatalogCommandTest, WhatTheApiRefusesIsSaidInTheWordsOfTheCommandLine) {
  make_acme();
  EXPECT_TRUE(refusal({"keys", "create", "a"}).contains("--workspace: is missing")) << refusal({"keys", "create", "a"});
  EXPECT_TRUE(refusal({"plans", "create", "free", "--limit", "chat=lots"}).starts_with("--limit: 'chat': "));
  EXPECT_EQ(refusal({"plans", "create", "free", "--limit", "chat"}), "--limit: expected NAME=VALUE, found 'chat'");
  EXPECT_TRUE(refusal({"plans", "create", "pro"}).contains("name")) << refusal({"plans", "create", "pro"});
  EXPECT_TRUE(refusal({"plans", "remove", "pro"}).contains("workspace"));
  EXPECT_TRUE(refusal({"keys", "create", "--workspace", "acme", "--expires", "soon"})
                  .starts_with("--expires: 'soon' is no time"));
  EXPECT_EQ(refusal({"plans", "set", "pro"}), "nothing to set; name an option, such as those that `create` has");
}

TEST_P(CatalogCommandTest, AKeyIsRotatedWithAGraceThenRevoked) {
  make_acme();
  const std::string first = done({"keys", "create", "backend", "--workspace", "acme"}).secret;
  const boost::json::value before = boost::json::parse(done({"keys", "show", "backend"}).json);
  const std::string id(before.at("data").at("id").as_string());
  const CommandOutput rotated = done({"keys", "rotate", "backend", "--grace", "2h"});
  EXPECT_NE(rotated.secret, first);
  EXPECT_EQ(catalog::look_at_key(rotated.secret).form, catalog::KeyForm::kWellFormed);
  // Two keys have that name now.
  EXPECT_TRUE(refusal({"keys", "revoke", "backend"}).starts_with("2 keys are called 'backend'; name one by its id"));
  EXPECT_EQ(refusal({"keys", "rotate", id, "--grace", "1500ms"}), "--grace: expected whole seconds");
  done({"keys", "revoke", id});
  EXPECT_TRUE(done({"keys", "list"}).text.contains("  revoked"));
}

TEST_P(CatalogCommandTest, AKeyIsImportedByItsHash) {
  make_acme();
  const std::string hex = "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae";  // of "foo"
  EXPECT_TRUE(refusal({"keys", "import", "old", "--workspace", "acme"}).starts_with("--sha256 is missing"));
  const CommandOutput imported =
      done({"keys", "import", "old", "--workspace", "acme", "--sha256", hex, "--last4", "1234"});
  EXPECT_EQ(imported.secret, "") << "the program has never seen it";
  EXPECT_TRUE(catalog::find_by_sha256<catalog::ApiKeyRecord>(catalog_.store(), catalog::key_sha256("foo")));
  EXPECT_TRUE(refusal({"keys", "import", "--workspace", "acme", "--sha256", "2c26"}).starts_with("--sha256: "));
}

TEST_P(CatalogCommandTest, LimitsAreSetOneByOneAndSayWhereTheyComeFrom) {
  make_acme();
  done({"keys", "create", "backend", "--workspace", "acme"});
  EXPECT_EQ(done({"limits", "set", "chat", "900/m", "--workspace", "acme"}).note,
            "the limit of workspace acme for chat is now 900/m");
  done({"limits", "set", "search", "5/s", "--key", "backend"});
  EXPECT_EQ(done({"limits", "list", "--workspace", "acme"}).text, "RULE  LIMIT\nchat  900/m\n");
  const std::string effective = done({"keys", "effective-rules", "backend"}).text;
  EXPECT_TRUE(effective.starts_with("plan: pro\n")) << effective;
  EXPECT_TRUE(effective.contains("chat    900/m  the workspace  600/m of the plan")) << effective;
  EXPECT_TRUE(effective.contains("search  5/s    the key        -")) << effective;
  done({"limits", "remove", "chat", "--workspace", "acme"});
  EXPECT_EQ(done({"limits", "list", "--workspace", "acme"}).note, "workspace acme has no limits of its own");
  EXPECT_EQ(refusal({"limits", "list"}), "whose limits? Name one of --workspace, --plan and --key");
  EXPECT_EQ(refusal({"limits", "set", "chat", "--plan", "pro"}), "LIMIT is missing, such as 600/m");
  EXPECT_TRUE(refusal({"limits", "set", "chat", "lots", "--plan", "pro"}).contains("limit"));
}

TEST_P(CatalogCommandTest, PricesAndBudgetsAreInDollars) {
  make_acme();
  done({"prices", "create", "--provider", "openai", "--model", "gpt-4o", "--starts", "2026-01-01T00:00:00Z", "--input",
        "2.50", "--output", "10"});
  const std::string prices = done({"prices", "list"}).text;
  EXPECT_TRUE(prices.contains("openai    gpt-4o  2026-01-01  2.5        10          -")) << prices;
  EXPECT_EQ(refusal({"prices", "create", "--provider", "p", "--model", "m", "--starts", "1d", "--input", "0.0000001",
                     "--output", "1"}),
            "--input: '0.0000001': the smallest part of a dollar here is 0.000001");
  done({"budgets", "create", "acme-month", "--workspace", "acme", "--dollars", "250"});
  done({"budgets", "create", "acme-tokens", "--workspace", "acme", "--tokens", "1000000", "--period", "day"});
  EXPECT_TRUE(refusal({"budgets", "create", "none", "--workspace", "acme", "--tokens", "0"}).starts_with("--tokens: "));
  EXPECT_TRUE(
      refusal({"budgets", "create", "none", "--workspace", "acme", "--dollars", "0"}).starts_with("--dollars: "));
  const std::string budgets = done({"budgets", "list"}).text;
  EXPECT_TRUE(budgets.contains("acme-month   $250            month")) << budgets;
  EXPECT_TRUE(budgets.contains("acme-tokens  1000000 tokens  day")) << budgets;
}

TEST_P(CatalogCommandTest, ADefinitionMayComeFromAFile) {
  const catalog::SqliteFolder folder;
  const std::string file = (folder.path() / "chat.yaml").string();
  std::ofstream(file) << "name: chat\nper: api_key\nlimit: 60/m\n";
  done({"rules", "create", "chat", "--definition", "@" + file});
  EXPECT_TRUE(done({"rules", "show", "chat"}).text.contains("limit: 60/m"));
  EXPECT_TRUE(refusal({"rules", "create", "x", "--definition", "@/no/such"})
                  .starts_with("--definition: /no/such: cannot read"));
  EXPECT_EQ(refusal({"rules", "create", "x", "--definition", "@/proc/self/mem"}),
            "--definition: /proc/self/mem: cannot read: Input/output error");
  EXPECT_TRUE(
      refusal({"rules", "set", "chat", "--definition", "{name: chat, per: nobody}"}).starts_with("--definition: "));
}

// A terminal obeys U+009B, and U+202E turns what follows around.
TEST_P(CatalogCommandTest, NothingThatATerminalActsOnIsPrinted) {
  make_acme();
  const std::string name =
      "a\xC2\x9B"
      "31m\xE2\x80\xAE"
      "b";
  const CommandOutput made = done({"keys", "create", name, "--workspace", "acme"});
  EXPECT_TRUE(made.note.starts_with(R"(key a\xC2\x9B31m\xE2\x80\xAEb made (key_)")) << made.note;
  const std::string listed = done({"keys", "list"}).text;
  EXPECT_TRUE(listed.contains(R"(a\xC2\x9B31m\xE2\x80\xAEb  rg_live_)")) << listed;
  EXPECT_TRUE(listed.starts_with("NAME" + std::string(23, ' ') + "KEY")) << listed;
  EXPECT_TRUE(done({"keys", "show", name}).text.contains(R"(a\xC2\x9B31m\xE2\x80\xAEb)"));
}

TEST_P(CatalogCommandTest, PeopleAndMachinesThatUseTheApiAreMadeHereToo) {
  done({"members", "create", "ann@example.com", "--role", "admin"});
  EXPECT_TRUE(done({"members", "list"}).text.contains("ann@example.com"));
  EXPECT_EQ(refusal({"members", "show", "an@example.com"}),
            "there is no member 'an@example.com'; did you mean 'ann@example.com'?");
  const CommandOutput token = done({"tokens", "create", "ci", "--role", "viewer"});
  EXPECT_EQ(catalog::look_at_key(token.secret).kind, catalog::SecretKind::kAdminToken);
  done({"tokens", "revoke", "ci"});
  EXPECT_TRUE(done({"tokens", "list"}).text.contains("revoked"));
}

TEST_P(CatalogCommandTest, TheAuditLogSaysWhoDidWhat) {
  make_acme();
  const std::string log = done({"audit"}).text;
  EXPECT_TRUE(log.contains("workspace.create")) << log;
  EXPECT_TRUE(log.contains(GetParam() == AskedHow::kStraight ? "command_line ann" : "admin_token environment")) << log;
  EXPECT_FALSE(done({"audit", "--action", "plan.create"}).text.contains("workspace.create"));
  EXPECT_TRUE(done({"audit", "--workspace", "acme"}).text.contains("workspace.create"));
  EXPECT_EQ(done({"audit", "--action", "no.such"}).note, "the audit log has no such entries");
}

TEST_P(CatalogCommandTest, ListsThatAreEmptyOrCutSaySo) {
  EXPECT_EQ(done({"plans", "list"}).note, "there are no plans");
  for (int i = 0; i < 3; ++i) done({"plans", "create", "p" + std::to_string(i)});
  const auto cut = run_catalog_command(catalog_.service(), {.noun = "plans", .action = "list", .list_max = 2});
  ASSERT_TRUE(cut);
  EXPECT_TRUE(cut->note.starts_with("these are the first 2;")) << cut->note;
  const auto log = run_catalog_command(catalog_.service(), {.noun = "audit", .action = "list", .list_max = 2});
  ASSERT_TRUE(log);
  EXPECT_EQ(log->note, cut->note);
  EXPECT_EQ(done({"audit"}).note, "");
}

TEST_P(CatalogCommandTest, HowManyAreShownIsAMatterOfListsAlone) {
  make_acme();
  for (const std::string action : {"show", "create", "set", "remove"}) {
    const auto refused =
        run_catalog_command(catalog_.service(), {.noun = "plans", .action = action, .names = {"pro"}, .list_max = 100});
    ASSERT_FALSE(refused) << action;
    EXPECT_EQ(refused.error().message, "--max does not go with " + action + "; leave it out");
  }
  EXPECT_TRUE(done({"plans", "list"}).text.contains("pro")) << "nothing was removed";
}

TEST(RemoteCatalogTest, AServerThatCannotBeAskedOrIsAnotherOneIsSaid) {
  const auto clock = [] { return Instant::from_seconds(1); };
  const auto nobody = remote_catalog({.host = "127.0.0.1", .port = 1}, "t", clock);
  const auto unreachable = nobody->ask({.target = "/v1/plans"});
  ASSERT_FALSE(unreachable);
  EXPECT_EQ(unreachable.error().code, ErrorCode::kUnavailable);
  CatalogForTests catalog(AskedHow::kStraight);
  AdminServer server(catalog.store(), "right");
  const auto stranger = remote_catalog({.host = "127.0.0.1", .port = server.port()}, "wrong", clock);
  const auto refused = stranger->ask({.target = "/v1/plans"});
  ASSERT_FALSE(refused);
  EXPECT_TRUE(refused.error().message.contains("token")) << refused.error().message;
}

}  // namespace
}  // namespace rateguard::app

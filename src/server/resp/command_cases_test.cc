// Every command as text: what is sent, and what comes back. A test fails for a command without a case.
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "model/ascii.h"
#include "server/resp/command_table.h"
#include "server/resp/resp_api_harness_testing.h"

namespace rateguard::resp {
namespace {

struct Case {
  const char* command;  // of the table
  const char* sent;     // inline commands, a line each
  const char* answer;   // with \n for CR LF
};

constexpr Case kCases[] = {
    // redis-cell's README, and its errors.
    {"cl.throttle", "CL.THROTTLE user:1 15 30 60", "*5\n:0\n:16\n:15\n:-1\n:2\n"},
    {"cl.throttle", "cl.throttle user:1 15 30 60 1", "*5\n:0\n:16\n:15\n:-1\n:2\n"},
    {"cl.throttle", "CL.THROTTLE a 0 1 10\nCL.THROTTLE a 0 1 10",
     "*5\n:0\n:1\n:0\n:-1\n:10\n*5\n:1\n:1\n:0\n:10\n:10\n"},
    {"cl.throttle", "CL.THROTTLE a 4 1 1 3\nCL.THROTTLE a 4 1 1 5",
     "*5\n:0\n:5\n:2\n:-1\n:3\n*5\n:1\n:5\n:2\n:3\n:3\n"},
    {"cl.throttle", "CL.THROTTLE a 4 1 1 6", "*5\n:1\n:5\n:5\n:-1\n:0\n"},  // never: more than there is room for
    {"cl.throttle", "CL.THROTTLE a 4 1 1 0", "*5\n:0\n:5\n:5\n:-1\n:0\n"},
    {"cl.throttle", "CL.THROTTLE a 0 3 1 0\nCL.THROTTLE a 0 3 1\nCL.THROTTLE a 0 3 1",
     "*5\n:0\n:1\n:1\n:-1\n:0\n*5\n:0\n:1\n:0\n:-1\n:1\n*5\n:1\n:1\n:0\n:1\n:1\n"},  // thirds of a second round up
    {"cl.throttle", "CL.THROTTLE a +4 +1 +1", "*5\n:0\n:5\n:4\n:-1\n:1\n"},
    {"cl.throttle", "CL.THROTTLE",
     "-Cell error: Usage: cl.throttle <key> <max_burst> <count per period> <period> [<quantity>]\n"},
    {"cl.throttle", "CL.THROTTLE a 1 1 1 1 1",
     "-Cell error: Usage: cl.throttle <key> <max_burst> <count per period> <period> [<quantity>]\n"},
    {"cl.throttle", "CL.THROTTLE a x 1 1", "-Cell error: Couldn't parse as integer: x\n"},
    {"cl.throttle", "CL.THROTTLE a 1 1.5 1", "-Cell error: Couldn't parse as integer: 1.5\n"},
    {"cl.throttle", "CL.THROTTLE a 1 1 1 9223372036854775808",
     "-Cell error: Couldn't parse as integer: 9223372036854775808\n"},
    {"cl.throttle", "CL.THROTTLE a 1 1 \"\"", "-Cell error: Couldn't parse as integer: \n"},
    {"cl.throttle", "CL.THROTTLE a -1 1 1", "-Cell error: max_burst must be 0 to 9007199254740990, not -1\n"},
    {"cl.throttle", "CL.THROTTLE a 9007199254740991 1 1",
     "-Cell error: max_burst must be 0 to 9007199254740990, not 9007199254740991\n"},
    {"cl.throttle", "CL.THROTTLE a 1 0 1", "-Cell error: count per period must be 1 to 9007199254740991, not 0\n"},
    {"cl.throttle", "CL.THROTTLE a 1 1 0", "-Cell error: period must be 1 to 31622400 seconds, not 0\n"},
    {"cl.throttle", "CL.THROTTLE a 1 1 9223372036854775807",
     "-Cell error: period must be 1 to 31622400 seconds, not 9223372036854775807\n"},
    {"cl.throttle", "CL.THROTTLE a 1 1 1 -1", "-Cell error: quantity must be 0 to 9007199254740991, not -1\n"},
    {"cl.throttle", "CL.THROTTLE \"\" 1 1 1", "-Cell error: key must be 1 to 1024 bytes, not 0\n"},
    // Checks before and after one that fails keep their places.
    {"cl.throttle", "CL.THROTTLE a 0 1 1\nCL.THROTTLE b x 1 1\nCL.THROTTLE a 0 1 1",
     "*5\n:0\n:1\n:0\n:-1\n:1\n-Cell error: Couldn't parse as integer: x\n*5\n:1\n:1\n:0\n:1\n:1\n"},

    // throttlecrab's documentation, and its errors.
    {"throttle", "THROTTLE user:123 10 100 60", "*5\n:1\n:10\n:9\n:1\n:0\n"},
    {"throttle", "THROTTLE a 1 1 10\nTHROTTLE a 1 1 10", "*5\n:1\n:1\n:0\n:10\n:0\n*5\n:0\n:1\n:0\n:10\n:10\n"},
    {"throttle", "THROTTLE a 1 1", "-ERR wrong number of arguments for 'throttle' command\n"},
    {"throttle", "THROTTLE a 1 1 1 1 1", "-ERR wrong number of arguments for 'throttle' command\n"},
    {"throttle", "THROTTLE a x 1 1", "-ERR invalid max_burst\n"},
    {"throttle", "THROTTLE a 1 x 1", "-ERR invalid count_per_period\n"},
    {"throttle", "THROTTLE a 1 1 x", "-ERR invalid period\n"},
    {"throttle", "THROTTLE a 1 1 1 x", "-ERR invalid quantity\n"},
    {"throttle", "THROTTLE a 1 1 1 -5", "-ERR negative quantity: -5\n"},
    {"throttle", "THROTTLE a 0 1 1", "-ERR invalid rate limit parameters\n"},
    {"throttle", "THROTTLE a 1 0 1", "-ERR invalid rate limit parameters\n"},
    {"throttle", "THROTTLE a 1 1 0", "-ERR invalid rate limit parameters\n"},
    {"throttle", "THROTTLE \"\" 1 1 1", "-ERR invalid key\n"},

    {"rg.check", "RG.CHECK login 203.0.113.9",
     "*14\n$7\nallowed\n:1\n$5\nlimit\n:5\n$9\nremaining\n:4\n$14\nretry_after_ms\n:0\n$14\nreset_after_ms\n:12000\n"
     "$4\nrule\n$5\nlogin\n$8\ndegraded\n:0\n"},
    {"rg.check", "HELLO 3\nRG.CHECK login 203.0.113.9 6",
     "HELLO_ANSWER%7\n$7\nallowed\n#f\n$5\nlimit\n:5\n$9\nremaining\n:5\n$14\nretry_after_ms\n_\n$14\nreset_after_ms\n:"
     "0\n"
     "$4\nrule\n$5\nlogin\n$8\ndegraded\n#f\n"},
    {"rg.check", "RG.CHECK pair 10.0.0.1 2 AND alice",
     "*14\n$7\nallowed\n:1\n$5\nlimit\n:5\n$9\nremaining\n:3\n$14\nretry_after_ms\n:0\n$14\nreset_after_ms\n:2000\n"
     "$4\nrule\n$4\npair\n$8\ndegraded\n:0\n"},
    {"rg.check", "RG.CHECK all \"\"",
     "*14\n$7\nallowed\n:1\n$5\nlimit\n:5\n$9\nremaining\n:4\n$14\nretry_after_ms\n:0\n$14\nreset_after_ms\n:1000\n"
     "$4\nrule\n$3\nall\n$8\ndegraded\n:0\n"},
    {"rg.check", "RG.CHECK queue \"\"\nRG.CHECK queue \"\"",
     "*16\n$7\nallowed\n:1\n$5\nlimit\n:5\n$9\nremaining\n:4\n$14\nretry_after_ms\n:0\n$14\nreset_after_ms\n:1000\n"
     "$4\nrule\n$5\nqueue\n$8\ndegraded\n:0\n$8\ndelay_ms\n:0\n"
     "*16\n$7\nallowed\n:1\n$5\nlimit\n:5\n$9\nremaining\n:3\n$14\nretry_after_ms\n:0\n$14\nreset_after_ms\n:2000\n"
     "$4\nrule\n$5\nqueue\n$8\ndegraded\n:0\n$8\ndelay_ms\n:1000\n"},
    {"rg.check", "RG.CHECK nope a", "-ERR UNKNOWN_RULE\n"},
    {"rg.check", "RG.CHECK login", "-ERR wrong number of arguments for 'rg.check' command\n"},
    {"rg.check", "RG.CHECK login 1.1.1.1 x", "-ERR value is not an integer or out of range\n"},
    {"rg.check", "RG.CHECK login 1.1.1.1 -9007199254740992", "-ERR value is not an integer or out of range\n"},
    {"rg.check", "RG.CHECK slots bob -1",
     "-ERR rule 'slots' limits concurrency: a hold is released by its id, not by a negative cost\n"},
    {"rg.check", "RG.CHECK login 1.1.1.1 9007199254740992", "-ERR value is not an integer or out of range\n"},
    {"rg.check", "RG.CHECK login 1.1.1.1 1 x", "-ERR syntax error\n"},

    {"rg.peek", "RG.PEEK login 1.1.1.1\nRG.PEEK login 1.1.1.1",
     "*10\n$4\nrule\n$5\nlogin\n$9\nalgorithm\n$12\ntoken_bucket\n$5\nlimit\n:5\n$9\nremaining\n:5\n"
     "$14\nreset_after_ms\n:0\n"
     "*10\n$4\nrule\n$5\nlogin\n$9\nalgorithm\n$12\ntoken_bucket\n$5\nlimit\n:5\n$9\nremaining\n:5\n"
     "$14\nreset_after_ms\n:0\n"},
    {"rg.peek", "RG.PEEK nope a", "-ERR UNKNOWN_RULE\n"},
    {"rg.peek", "RG.PEEK login 1.1.1.1 5", "-ERR syntax error\n"},
    {"rg.reset", "RG.RESET login 1.1.1.1", ":0\n"},
    {"rg.reset", "RG.RESET nope a", "-ERR UNKNOWN_RULE\n"},
    {"rg.release", "RG.RELEASE 0000000000000000000000000000000000000001", ":0\n"},
    {"rg.release", "RG.RELEASE x", "-ERR a hold is the 40 hexadecimal digits that a check answered\n"},

    {"ping", "PING", "+PONG\n"},
    {"ping", "PING hello", "$5\nhello\n"},
    {"ping", "PING a b", "-ERR wrong number of arguments for 'ping' command\n"},
    {"echo", "ECHO \"a b\"", "$3\na b\n"},
    {"echo", "ECHO", "-ERR wrong number of arguments for 'echo' command\n"},
    {"quit", "QUIT\nPING", "+OK\n"},
    {"reset", "CLIENT SETNAME me\nRESET\nCLIENT GETNAME", "+OK\n+RESET\n$-1\n"},
    {"select", "SELECT 0", "+OK\n"},
    {"select", "SELECT 1", "-ERR DB index is out of range\n"},
    {"select", "SELECT x", "-ERR value is not an integer or out of range\n"},
    {"hello", "HELLO 4", "-NOPROTO unsupported protocol version\n"},
    {"hello", "HELLO x", "-ERR Protocol version is not an integer or out of range\n"},
    {"hello", "HELLO 3 FOO", "-ERR Syntax error in HELLO option 'FOO'\n"},
    {"hello", "HELLO 2 AUTH default any SETNAME me\nCLIENT GETNAME", "HELLO_ANSWER$2\nme\n"},
    {"hello", "HELLO 2 AUTH nobody any", "-WRONGPASS invalid username-password pair or user is disabled.\n"},
    {"hello", "HELLO 2 SETNAME \"a b\"", "-ERR Client names cannot contain spaces, newlines or special characters.\n"},
    {"auth", "AUTH secret",
     "-ERR AUTH <password> called without any password configured for the default user. Are you sure your "
     "configuration is correct?\n"},
    {"auth", "AUTH default secret", "+OK\n"},
    {"auth", "AUTH nobody secret", "-WRONGPASS invalid username-password pair or user is disabled.\n"},
    {"auth", "AUTH a b c", "-ERR syntax error\n"},

    {"client", "CLIENT", "-ERR wrong number of arguments for 'client' command\n"},
    {"client", "CLIENT NOPE", "-ERR unknown subcommand 'NOPE'. Try COMMAND DOCS client.\n"},
    {"client|getname", "CLIENT GETNAME", "$-1\n"},
    {"client|getname", "HELLO 3\nCLIENT GETNAME", "HELLO_ANSWER_\n"},
    {"client|setname", "CLIENT SETNAME me\nCLIENT GETNAME", "+OK\n$2\nme\n"},
    {"client|setname", "CLIENT SETNAME \"a b\"",
     "-ERR Client names cannot contain spaces, newlines or special characters.\n"},
    {"client|setname", "CLIENT SETNAME", "-ERR wrong number of arguments for 'client|setname' command\n"},
    {"client|id", "CLIENT ID", ":ID\n"},
    {"client|info", "CLIENT SETNAME me\nCLIENT INFO",
     "+OK\n$INFO\nid=ID addr=127.0.0.1 name=me age=0 db=0 user=admin resp=2 lib-name= lib-ver=\n\n"},
    {"client|setinfo", "CLIENT SETINFO LIB-NAME hiredis\nCLIENT SETINFO lib-ver 1.0", "+OK\n+OK\n"},
    {"client|setinfo", "CLIENT SETINFO x y", "-ERR Unrecognized option 'x'\n"},
    {"client|setinfo", "CLIENT SETINFO lib-name \"a b\"",
     "-ERR lib-name cannot contain spaces, newlines or special characters.\n"},
    {"client|reply", "CLIENT REPLY OFF\nPING\nCL.THROTTLE a 0 1 1\nCLIENT REPLY ON\nCL.THROTTLE a 0 1 1",
     "+OK\n*5\n:1\n:1\n:0\n:1\n:1\n"},
    {"client|reply", "CLIENT REPLY SKIP\nPING\nPING x", "$1\nx\n"},
    {"client|reply", "CLIENT REPLY MAYBE", "-ERR syntax error\n"},
    {"client|no-evict", "CLIENT NO-EVICT ON", "+OK\n"},
    {"client|no-evict", "CLIENT NO-EVICT x", "-ERR syntax error\n"},
    {"client|no-touch", "CLIENT NO-TOUCH off", "+OK\n"},
    {"client|tracking", "CLIENT TRACKING ON OPTIN", "+OK\n"},
    {"client|tracking", "CLIENT TRACKING off", "+OK\n"},
    {"client|tracking", "CLIENT TRACKING maybe", "-ERR syntax error\n"},
    {"client|tracking", "CLIENT TRACKING", "-ERR wrong number of arguments for 'client|tracking' command\n"},

    {"command", "COMMAND NOPE", "-ERR unknown subcommand 'NOPE'. Try COMMAND DOCS command.\n"},
    {"command|count", "COMMAND COUNT", ":COUNT\n"},
    {"command|info", "COMMAND INFO echo nope",
     "*2\n*10\n$4\necho\n:2\n*3\n+loading\n+stale\n+fast\n:0\n:0\n:0\n*0\n*0\n*0\n*0\n*-1\n"},
    {"command|docs", "COMMAND DOCS echo nope",
     "*2\n$4\necho\n*6\n$7\nsummary\n$14\nSays it again.\n$5\ngroup\n$10\nConnection\n$9\narguments\n*1\n"
     "*4\n$4\nname\n$7\nmessage\n$4\ntype\n$6\nstring\n"},
    {"command|list", "COMMAND LIST x", "-ERR wrong number of arguments for 'command|list' command\n"},
    {"config", "CONFIG SET save x", "-ERR unknown subcommand 'SET'. Try COMMAND DOCS config.\n"},
    {"config|get", "CONFIG GET save", "*2\n$4\nsave\n$0\n\n"},
    {"config|get", "CONFIG GET appendonly nope", "*2\n$10\nappendonly\n$2\nno\n"},
    {"config|get", "CONFIG GET nope", "*0\n"},
    {"info", "INFO persistence", "$INFO\n# Persistence\nloading:0\n\n"},
    {"info", "INFO nope", "$0\n\n"},
    {"time", "TIME", "*2\n$10\n1700000000\n$1\n0\n"},
    {"post", "POST / HTTP/1.1\nPING", ""},
    {"host:", "Host: a\nPING", ""},
    {"", "NOPE a b", "-ERR unknown command 'NOPE', with args beginning with: 'a' 'b' \n"},
    {"", "NOPE", "-ERR unknown command 'NOPE', with args beginning with: \n"},
    {"", "client|id", "-ERR unknown command 'client|id', with args beginning with: \n"},
};

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
}

// What cannot stand in a table: line ends, the connection's number, lengths that follow from it, HELLO's answer.
std::string expected(const Case& c, const ConnectedClient& client) {
  std::string text = c.answer;
  const std::string id = std::to_string(client.id);
  if (const size_t at = text.find("$INFO\n"); at != std::string::npos) {
    std::string body = text.substr(at + 6, text.size() - at - 7);
    replace_all(body, "ID", id);
    if (body.starts_with('#')) replace_all(body, "\n", "\r\n");
    return [&] {
      std::string head = text.substr(0, at);
      replace_all(head, "\n", "\r\n");
      return head + "$" + std::to_string(body.size()) + "\r\n" + body + "\r\n";
    }();
  }
  replace_all(text, ":ID", ":" + id);
  replace_all(text, "UNKNOWN_RULE", "there is no rule 'nope' in force");
  replace_all(text, "COUNT", std::to_string(std::ranges::count_if(commands(), [](const Command& command) {
                return !command.is_subcommand();
              })));
  const bool resp3 = std::string_view(c.sent).starts_with("HELLO 3");
  replace_all(text, "HELLO_ANSWER",
              std::string(resp3 ? "%7" : "*14") +
                  "\n$6\nserver\n$9\nrateguard\n$7\nversion\n$7\nunknown\n$5\nproto\n:" + (resp3 ? "3" : "2") +
                  "\n$2\nid\n:" + id + "\n$4\nmode\n$10\nstandalone\n$4\nrole\n$6\nmaster\n$7\nmodules\n*0\n");
  replace_all(text, "\n", "\r\n");
  return text;
}

std::vector<rules::Rule> some_rules() {
  const Rate per_second = {.units = 1};
  return {rule_of("login", {"ip"}, *Limit::token_bucket(5, {.units = 5, .period = Duration::seconds(60)})),
          rule_of("pair", {"ip", "user"}, *Limit::token_bucket(5, per_second)),
          rule_of("all", {"global"}, *Limit::token_bucket(5, per_second)),
          rule_of("queue", {"global"}, *Limit::leaky_bucket(5, per_second)),
          rule_of("slots", {"user"}, *Limit::concurrency(1, Duration::seconds(60)))};
}

TEST(Commands, AnswerAsTheTableOfCasesSays) {
  for (const Case& c : kCases) {
    RespApiHarness server(some_rules());
    ConnectedClient client = server.connect();
    const std::string answer = server.ask(client, std::string(c.sent) + "\n");
    EXPECT_EQ(answer, expected(c, client)) << c.sent;
  }
}

TEST(Commands, EachHasACase) {
  std::set<std::string_view> known;
  for (const Case& c : kCases) known.insert(c.command);
  for (const Command& command : commands()) {
    EXPECT_TRUE(known.contains(command.name)) << command.name << " has no case in command_cases_test.cc";
  }
}

TEST(Commands, AnswerTheSameHoweverTheyArrive) {
  const std::string sent = command({"CL.THROTTLE", "a", "2", "1", "1"}) + command({"PING"}) + "ECHO x\r\n" +
                           command({"RG.CHECK", "login", "1.2.3.4"}) + command({"NOPE"}) +
                           command({"cl.throttle", "a", "2", "1", "1"});
  RespApiHarness whole(some_rules());
  ConnectedClient at_once = whole.connect();
  const std::string expected_answer = whole.ask(at_once, sent);
  for (size_t cut = 1; cut < sent.size(); ++cut) {
    RespApiHarness server(some_rules());
    ConnectedClient client = server.connect();
    net::ByteBuffer out;
    const Answered first =
        server.api().answer(client, std::string_view(sent).substr(0, cut), SIZE_MAX, out, server.now);
    ASSERT_LE(first.consumed, cut);
    const Answered second =
        server.api().answer(client, std::string_view(sent).substr(first.consumed), SIZE_MAX, out, server.now);
    EXPECT_EQ(first.consumed + second.consumed, sent.size());
    EXPECT_EQ(out.view(), expected_answer) << cut;
  }
}

TEST(Commands, HoldsAreGivenBackOnce) {
  RespApiHarness server(some_rules());
  ConnectedClient client = server.connect();
  const std::string held = server.ask(client, "RG.CHECK slots bob\n");
  const size_t at = held.find("$4\r\nhold\r\n$40\r\n");
  ASSERT_NE(at, std::string::npos) << held;
  const std::string hold = held.substr(at + 15, 40);
  EXPECT_NE(server.ask(client, "RG.CHECK slots bob\n").find("allowed\r\n:0"), std::string::npos);
  EXPECT_EQ(server.ask(client, "RG.RELEASE " + hold + "\n"), ":1\r\n");
  EXPECT_EQ(server.ask(client, "RG.RELEASE " + hold + "\n"), ":0\r\n");
}

TEST(Commands, ResetForgets) {
  RespApiHarness server(some_rules());
  ConnectedClient client = server.connect();
  server.ask(client, "RG.CHECK login 1.1.1.1 5\n");
  EXPECT_EQ(server.ask(client, "RG.RESET login 1.1.1.1\n"), ":1\r\n");
  EXPECT_NE(server.ask(client, "RG.PEEK login 1.1.1.1\n").find("remaining\r\n:5"), std::string::npos);
}

TEST(Commands, MoreThanABatchKeepsItsOrder) {
  RespApiHarness server;
  ConnectedClient client = server.connect();
  std::string sent;
  for (int i = 0; i < 200; ++i) sent += command({"CL.THROTTLE", i % 3 == 0 ? "a" : "b", "499", "1", "1000"});
  const std::string answer = server.ask(client, sent);
  int left_a = 500;
  int left_b = 500;
  std::string expected_answer;
  for (int i = 0; i < 200; ++i) {
    int& left = i % 3 == 0 ? left_a : left_b;
    --left;
    expected_answer +=
        "*5\r\n:0\r\n:500\r\n:" + std::to_string(left) + "\r\n:-1\r\n:" + std::to_string((500 - left) * 1000) + "\r\n";
  }
  EXPECT_EQ(answer, expected_answer);
}

TEST(Commands, StopWhereTheOutputIsFull) {
  RespApiHarness server;
  ConnectedClient client = server.connect();
  const std::string sent = command({"PING"}) + command({"PING"}) + command({"PING"});
  net::ByteBuffer out;
  const Answered answered = server.api().answer(client, sent, 8, out, server.now);
  EXPECT_EQ(answered.after, Answered::After::kOutputFull);
  EXPECT_EQ(out.view(), "+PONG\r\n+PONG\r\n");
  EXPECT_EQ(answered.consumed, 2 * command({"PING"}).size());
}

TEST(Access, TokensAreThoseOfHttp) {
  RespApiHarness server(some_rules());
  server.service.settings.tokens = {"caller"};
  server.service.settings.admin_tokens = {"boss"};
  ConnectedClient client = server.connect();
  const std::string wrong = "-WRONGPASS invalid username-password pair or user is disabled.\r\n";
  EXPECT_EQ(server.ask(client, "PING\n"), "-NOAUTH Authentication required.\r\n");
  EXPECT_EQ(server.ask(client, "CL.THROTTLE a 1 1 1\n"), "-NOAUTH Authentication required.\r\n");
  EXPECT_TRUE(server.ask(client, "HELLO 3\n").starts_with("-NOAUTH HELLO must be called"));
  EXPECT_EQ(server.ask(client, "AUTH nope\n"), wrong);
  EXPECT_EQ(server.ask(client, "AUTH admin caller\n"), wrong);
  EXPECT_EQ(server.ask(client, "AUTH caller\n"), "+OK\r\n");
  EXPECT_EQ(server.ask(client, "PING\n"), "+PONG\r\n");
  EXPECT_EQ(server.ask(client, "RG.RESET login 1.1.1.1\n"),
            "-NOPERM this user has no permissions to run the 'rg.reset' command\r\n");
  EXPECT_EQ(server.ask(client, "AUTH admin boss\n"), "+OK\r\n");
  EXPECT_EQ(server.ask(client, "RG.RESET login 1.1.1.1\n"), ":0\r\n");
  EXPECT_EQ(server.ask(client, "RESET\n"), "+RESET\r\n");
  EXPECT_EQ(server.ask(client, "PING\n"), "-NOAUTH Authentication required.\r\n");
  EXPECT_TRUE(server.ask(client, "HELLO 3 AUTH default boss\n").starts_with("%7"));
  EXPECT_EQ(server.ask(client, "RG.RESET login 1.1.1.1\n"), ":0\r\n");
}

TEST(Access, AdminCommandsAreForThisMachineWithoutTokens) {
  RespApiHarness server(some_rules());
  ConnectedClient near = server.connect("127.0.0.1");
  ConnectedClient far = server.connect("192.0.2.1");
  EXPECT_EQ(server.ask(near, "RG.RESET login 1.1.1.1\n"), ":0\r\n");
  EXPECT_EQ(server.ask(far, "RG.RESET login 1.1.1.1\n"),
            "-NOPERM this user has no permissions to run the 'rg.reset' command\r\n");
  EXPECT_EQ(server.ask(far, "PING\n"), "+PONG\r\n");
}

TEST(Access, AStrangerIsHeldToAFewWords) {
  RespApiHarness server;
  server.service.settings.tokens = {"caller"};
  ConnectedClient client = server.connect();
  EXPECT_EQ(server.ask(client, "*11\r\n"), "-ERR Protocol error: unauthenticated multibulk length\r\n");
  EXPECT_TRUE(client.leaving);
}

TEST(Metrics, CountCommandsErrorsAndDecisions) {
  RespApiHarness server(some_rules());
  server.connections.connections_open.set(1);
  server.connections.connections_accepted.add(2);
  ConnectedClient client = server.connect();
  server.ask(client, "CL.THROTTLE a 0 1 1\nCL.THROTTLE a 0 1 1\nCL.THROTTLE a\nNOPE\nRG.CHECK login 1.1.1.1\n*x\n");
  const std::string text = server.service.metrics.text(server.now);
  for (const char* line :
       {"rateguard_resp_commands_total{command=\"cl.throttle\"} 3\n",
        "rateguard_resp_commands_total{command=\"unknown\"} 1\n",
        "rateguard_resp_errors_total{command=\"cl.throttle\"} 1\n", "rateguard_resp_protocol_errors_total 1\n",
        "rateguard_decisions_total{verdict=\"allowed\"} 2\n", "rateguard_decisions_total{verdict=\"blocked\"} 1\n",
        "rateguard_requests_allowed_total{rule=\"login\"} 1\n", "rateguard_resp_connections 1\n",
        "rateguard_resp_connections_accepted_total 2\n"}) {
    EXPECT_NE(text.find(line), std::string::npos) << line << text;
  }
}

}  // namespace
}  // namespace rateguard::resp

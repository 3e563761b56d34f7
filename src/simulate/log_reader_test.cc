#include "simulate/log_reader.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "simulate/compressed_testing.h"

namespace rateguard::simulate {
namespace {

constexpr std::string_view kGood =
    R"(203.0.113.9 - - [17/May/2015:10:05:03 +0000] "GET /a HTTP/1.1" 200 512 "-" "agent")";

// A folder of this test's own, gone with it.
class LogFiles : public testing::Test {
 protected:
  LogFiles() {
    const testing::TestInfo* info = testing::UnitTest::GetInstance()->current_test_info();
    folder_ = std::filesystem::temp_directory_path() / ("rateguard_" + std::to_string(getpid()) + "_" + info->name());
    std::filesystem::create_directories(folder_);
  }
  ~LogFiles() override { std::filesystem::remove_all(folder_); }

  std::string write(const std::string& name, const std::string& bytes) {
    const std::string path = folder_ / name;
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
  }

  Result<ReadSummary> read(std::vector<std::string> paths, const ReadOptions& options = {}) {
    recording_ = Recording();
    auto summary = read_logs(paths, options, {}, recording_);
    recording_.sort();
    return summary;
  }

  std::filesystem::path folder_;
  Recording recording_;
};

std::string lines(std::string_view line, size_t count) {
  std::string out;
  for (size_t i = 0; i < count; ++i) (out += line) += '\n';
  return out;
}

TEST_F(LogFiles, ReadsSeveralInStableOrderOfTime) {
  const std::string a = write("a.log", R"(10.0.0.1 - - [17/May/2015:10:05:03 +0000] "GET /1 HTTP/1.1" 200 1
10.0.0.1 - - [17/May/2015:10:05:01 +0000] "GET /2 HTTP/1.1" 200 1
)");
  const std::string b = write("b.jsonl", R"({"time":"2015-05-17T10:05:01Z","path":"/3"}
{"time":"2015-05-17T10:05:02Z","path":"/4"})");
  const auto summary = read({a, b});
  ASSERT_TRUE(summary) << summary.error().to_string();
  EXPECT_EQ(summary->logs[0].format, InputFormat::kCommon);
  EXPECT_EQ(summary->logs[1].format, InputFormat::kJsonLines);
  std::string order;
  for (const Event& event : recording_.events()) order += recording_.facts(event).path;
  EXPECT_EQ(order, "/2/3/4/1");
}

TEST_F(LogFiles, ReadsGzipOfSeveralMembers) {
  const std::string path = write("a.log.gz", gzip(lines(kGood, 5000)) + gzip(lines(kGood, 3)));
  const auto summary = read({path});
  ASSERT_TRUE(summary) << summary.error().to_string();
  EXPECT_EQ(summary->malformed(), 0u);
  EXPECT_EQ(recording_.events().size(), 5003u);
  EXPECT_EQ(summary->logs[0].problem, "");
}

TEST_F(LogFiles, KeepsWhatADamagedGzipGave) {
  std::string noise = lines(kGood, 1000);
  for (size_t i = 0; i < noise.size(); i += 97) noise[i] = static_cast<char>('a' + i * 7 % 26);  // hard to compress
  const std::string whole = gzip(lines(kGood, 20'000) + noise);
  for (const std::string& bytes : {whole.substr(0, whole.size() / 2), whole.substr(0, whole.size() - 4)}) {
    const auto summary = read({write("cut.gz", bytes)});
    ASSERT_TRUE(summary);
    EXPECT_NE(summary->logs[0].problem.find("cut short"), std::string::npos) << summary->logs[0].problem;
    EXPECT_GT(recording_.events().size(), 1000u);
  }
  std::string flipped = whole;
  flipped[flipped.size() / 2] ^= 0x5A;
  const auto summary = read({write("flipped.gz", flipped)});
  ASSERT_TRUE(summary) << summary.error().to_string();
  EXPECT_NE(summary->logs[0].problem, "");
  EXPECT_GT(recording_.events().size(), 1000u);
}

TEST_F(LogFiles, CountsAndShowsMalformedLines) {
  const std::string text = lines(kGood, 2) + "garbage \x1b[31m\xFF\n" + std::string(2 * kLineBytesMax, 'x') +
                           "\n\n   \n" + lines(kGood, 1) + lines("bad", 10);
  const std::string path = write("a.log", text);
  const auto summary = read({path});
  ASSERT_TRUE(summary);
  EXPECT_EQ(recording_.events().size(), 3u);
  EXPECT_EQ(summary->malformed(), 12u);
  EXPECT_EQ(summary->logs[0].lines, 15u);  // blank ones do not count
  ASSERT_EQ(summary->examples.size(), 5u);
  EXPECT_EQ(summary->examples[0].file, path);
  EXPECT_EQ(summary->examples[0].line, 3u);
  EXPECT_EQ(summary->examples[0].text, "garbage \\x1B[31m\\xFF");
  EXPECT_EQ(summary->examples[1].line, 4u);
  EXPECT_NE(summary->examples[1].why.find("1 MiB"), std::string::npos);
  EXPECT_EQ(summary->examples[2].line, 8u);
}

TEST_F(LogFiles, ReadsCsvWithLineBreaksInFields) {
  const auto summary = read({write("a.csv", "time,path,user\r\n1,\"/a\nb\",\"x \"\"y\"\"\"\r\n2,/c,\r\n")});
  ASSERT_TRUE(summary);
  ASSERT_EQ(recording_.events().size(), 2u);
  EXPECT_EQ(recording_.facts(recording_.events()[0]).path, "/a\nb");
  EXPECT_EQ(recording_.facts(recording_.events()[0]).user, "x \"y\"");
}

TEST_F(LogFiles, AnOpenQuoteCostsOneRecord) {
  const auto summary = read({write("a.csv", "time,path\n1,\"/never closed\n2,/b\n3,/c\n4,\"/d\"x\n5,/e\n")});
  ASSERT_TRUE(summary);
  EXPECT_EQ(summary->malformed(), 2u);
  EXPECT_EQ(recording_.events().size(), 3u);
  ASSERT_EQ(summary->examples.size(), 2u);
  EXPECT_EQ(summary->examples[0].line, 2u);
  EXPECT_EQ(summary->examples[0].text, "1,\"/never closed");
  EXPECT_EQ(summary->examples[1].line, 5u);
}

TEST_F(LogFiles, SaysWhyALogCannotBeRead) {
  const auto missing = read({(folder_ / "none.log").string()});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::kNotFound);
  EXPECT_FALSE(read({folder_.string()}));
  const auto unknown = read({write("a.txt", "what is this\n")});
  ASSERT_FALSE(unknown);
  EXPECT_NE(unknown.error().message.find("--format"), std::string::npos);
  const auto no_time = read({write("a.csv", "a,b\n1,2\n")});
  ASSERT_FALSE(no_time);
  EXPECT_EQ(no_time.error().position.line, 1);
  EXPECT_FALSE(read({write("b.log", lines(kGood, 3))}, {.requests_max = 2}));
  const auto empty = read({write("empty.log", "")});
  ASSERT_TRUE(empty);
  EXPECT_EQ(empty->logs[0].lines, 0u);
}

TEST_F(LogFiles, KeepsTheHeadersThatRulesLookAt) {
  const std::string path = write("a.log", lines(kGood, 1));
  ASSERT_TRUE(read({path}));
  EXPECT_TRUE(recording_.facts(recording_.events()[0]).headers.empty());
  ASSERT_TRUE(read({path}, {.wanted_headers = {"user-agent"}}));
  EXPECT_EQ(find_header(recording_.facts(recording_.events()[0]).headers, "User-Agent"), "agent");
}

TEST_F(LogFiles, TellsHowFarItIs) {
  const std::string path = write("a.log", lines(kGood, 40'000));
  std::vector<uint64_t> done;
  uint64_t total = 0;
  ASSERT_TRUE(read_logs(
      std::vector{path, path}, {},
      [&](const ProgressUpdate& update) {
        done.push_back(update.done);
        total = update.total;
      },
      recording_));
  EXPECT_TRUE(std::ranges::is_sorted(done));
  EXPECT_EQ(total, 2 * std::filesystem::file_size(path));
  EXPECT_EQ(done.back(), total);
}

TEST_F(LogFiles, ReadsTheOthersWhereOneCannotBeRead) {
  const std::string good = write("good.log", lines(kGood, 3));
  const std::string unknown = write("unknown.txt", "what is this\n");
  const std::string unreadable = write("bad.log", lines(kGood, 1) + lines("bad", 1));
  const auto summary = read({(folder_ / "none.log").string(), good, unknown, unreadable, folder_.string()});
  ASSERT_TRUE(summary) << summary.error().to_string();
  EXPECT_EQ(recording_.events().size(), 4u);
  ASSERT_EQ(summary->logs.size(), 5u);
  EXPECT_NE(summary->logs[0].problem.find("cannot open"), std::string::npos) << summary->logs[0].problem;
  EXPECT_EQ(summary->logs[1].problem, "");
  EXPECT_NE(summary->logs[2].problem.find("cannot tell"), std::string::npos) << summary->logs[2].problem;
  EXPECT_EQ(summary->logs[2].problem.find('\n'), std::string::npos);
  EXPECT_EQ(summary->logs[3].problem, "");
  EXPECT_NE(summary->logs[4].problem.find("directory"), std::string::npos) << summary->logs[4].problem;
  EXPECT_TRUE(summary->has_problems());
}

TEST_F(LogFiles, ShowsTheFirstThreeLinesOfALogOfWhichNoneCanBeRead) {
  const std::string path = write("a.log", "one\n\ntwo \x1b[31m\nthree\nfour\n");
  const auto given = read({path}, {.format = InputFormat::kJsonLines});
  ASSERT_FALSE(given);
  EXPECT_EQ(given.error().code, ErrorCode::kInvalid);
  const std::string message = given.error().to_string();
  EXPECT_NE(message.find("none of its lines can be read as jsonl"), std::string::npos) << message;
  EXPECT_NE(message.find(path + ":1: not JSON: expected a value, at character 1\n      one"), std::string::npos)
      << message;
  EXPECT_NE(message.find("a.log:3: "), std::string::npos) << message;
  EXPECT_NE(message.find("two \\x1B[31m"), std::string::npos) << message;
  EXPECT_NE(message.find("a.log:4: "), std::string::npos) << message;
  EXPECT_EQ(message.find("four"), std::string::npos) << message;
  const auto detected = read({path});
  ASSERT_FALSE(detected);
  EXPECT_NE(detected.error().message.find("as a combined log: no time in brackets"), std::string::npos)
      << detected.error().message;
}

TEST_F(LogFiles, CountsLinesThatNameNoRequestApart) {
  const auto summary = read({write("caddy.json", R"({"level":"info","ts":1651591054.9,"logger":"admin","msg":"started"}
{"ts":1651591055.1,"request":{"client_ip":"203.0.113.5","method":"GET","uri":"/"}}
nonsense
)")});
  ASSERT_TRUE(summary) << summary.error().to_string();
  EXPECT_EQ(summary->logs[0].lines, 3u);
  EXPECT_EQ(summary->no_request(), 1u);
  EXPECT_EQ(summary->malformed(), 1u);
  EXPECT_EQ(recording_.events().size(), 1u);
}

TEST_F(LogFiles, NamesTheGivenColumnsThatNoLineHad) {
  const std::string a = write("a.json", "{\"time\":1,\"adr\":\"203.0.113.5\"}\n");
  const std::string b = write("b.json", "{\"time\":2,\"adr\":\"203.0.113.5\",\"who\":\"x\"}\n");
  const ReadOptions options{.columns = ColumnMap::parse("ip=client_adr,user=who").value()};
  EXPECT_EQ(read({a})->not_found(), std::vector<std::string>{});
  EXPECT_EQ(read({a}, options)->not_found(), (std::vector<std::string>{"ip=client_adr", "user=who"}));
  EXPECT_EQ(read({a, b}, options)->not_found(), std::vector<std::string>{"ip=client_adr"});
}

TEST_F(LogFiles, ColumnsOfALogThatHasNoNamesAreAMistake) {
  const auto combined = read({write("a.log", lines(kGood, 1))}, {.columns = ColumnMap::parse("ip=x").value()});
  ASSERT_FALSE(combined);
  EXPECT_NE(combined.error().message.find("this is combined"), std::string::npos) << combined.error().message;
  EXPECT_NE(combined.error().message.find("--log-format"), std::string::npos) << combined.error().message;
}

TEST_F(LogFiles, ReadsALayoutThatIsGiven) {
  ReadOptions options;
  options.layout = compile_line_format(R"($host $remote_addr [$time_local] "$request")").value();
  const auto summary =
      read({write("a.log", "h.example 203.0.113.5 [17/May/2015:10:05:03 +0000] \"GET /a HTTP/1.1\"\n")}, options);
  ASSERT_TRUE(summary) << summary.error().to_string();
  EXPECT_EQ(summary->logs[0].format, InputFormat::kLayout);
  EXPECT_EQ(recording_.facts(recording_.events()[0]).host, "h.example");
}

TEST_F(LogFiles, SaysWhatAFileIsThatIsNoText) {
  using namespace std::string_literals;
  const struct {
    std::string bytes;
    std::string what;
  } cases[] = {
      {"\xFD"
       "7zXZ\0\0"s,
       "xz, which is not read: xzcat "},
      {"BZh91AY&SY"s, "bzip2, which is not read: bzcat "},
      {"PK\x03\x04\x14\0"s, "a zip archive, which is not read: unzip -p "},
      {"\xFF\xFE"
       "a\0,\0"s,
       "UTF-16, which is not read: iconv -f UTF-16 -t UTF-8 "},
      {"\xFE\xFF\0a\0,"s, "UTF-16, which is not read: iconv -f UTF-16 -t UTF-8 "},
      {"\xFF\xFE\0\0"
       "2\0\0\0"s,
       "UTF-32, which is not read: iconv -f UTF-32 -t UTF-8 "},
      {"\0\0\xFE\xFF\0\0\0002"s, "UTF-32, which is not read: iconv -f UTF-32 -t UTF-8 "},
      {"\x04\x22\x4D\x18xx"s, "lz4, which is not read: lz4cat "},
  };
  for (const auto& c : cases) {
    const std::string path = write("log", c.bytes);
    const auto summary = read({path});
    ASSERT_FALSE(summary) << c.what;
    EXPECT_EQ(summary.error().code, ErrorCode::kInvalid);
    EXPECT_NE(summary.error().message.find(c.what + path + " | rateguard simulate"), std::string::npos)
        << summary.error().message;
  }
  const auto binary = read({write("binary", "a,b\0c\xB5/\xFD\n"s + "d,e\n")});
  ASSERT_FALSE(binary);
  EXPECT_EQ(binary.error().message.find('\xB5'), std::string::npos) << binary.error().message;
}

TEST_F(LogFiles, SaysWhatAnArchiveOrATableIsAndHowToReadIt) {
  using namespace std::string_literals;
  const auto message = [&](const std::string& bytes) {
    const auto summary = read({write("log", bytes)});
    return summary ? "read" : summary.error().to_string();
  };
  const std::string path = folder_ / "log";
  std::string tar = "access.log"s + std::string(247, '\0') + "ustar\0"s + "00";
  tar.resize(512, '\0');
  tar += lines(kGood, 3);
  const std::string is_tar =
      path + ": is a tar archive, which is not read: tar -xOf " + path + " | rateguard simulate ... -";
  EXPECT_EQ(message(tar), is_tar);
  EXPECT_EQ(message(gzip(tar)), is_tar) << "tar finds out itself how it is compressed";
  EXPECT_TRUE(
      message("PAR1\x15\x04").contains("is a Parquet file, which is not read: duckdb -c \"COPY (FROM '" + path));
  EXPECT_TRUE(message("SQLite format 3\0\x10"s).contains("is an SQLite database, which is not read: sqlite3 "));
  for (const std::string& magic : {"\xD4\xC3\xB2\xA1\x02"s, "\x0A\x0D\x0D\x0A\xA0"s}) {
    EXPECT_TRUE(message(magic).contains("is a packet capture, which is not read: tshark -r " + path)) << message(magic);
    EXPECT_TRUE(
        message(magic).ends_with("-e http.request.uri | rateguard simulate ... --columns time=frame.time_epoch,"
                                 "ip=ip.src,method=http.request.method,path=http.request.uri -"));
  }
}

TEST_F(LogFiles, ReadsZstdOfSeveralFrames) {
  const std::string whole = zstd(lines(kGood, 100'000)) + zstd(lines(kGood, 3));
  const auto summary = read({write("a.log.zst", whole)});
  ASSERT_TRUE(summary) << summary.error().to_string();
  EXPECT_EQ(recording_.events().size(), 100'003u);
  EXPECT_EQ(summary->logs[0].problem, "");
  const auto cut = read({write("cut.zst", whole.substr(0, whole.size() - 4))});
  ASSERT_TRUE(cut);
  EXPECT_NE(cut->logs[0].problem.find("cut short"), std::string::npos) << cut->logs[0].problem;
  EXPECT_GT(recording_.events().size(), 99'000u);
}

TEST_F(LogFiles, ALogWithAHoleInFrontIsReadAfterIt) {
  // What copytruncate leaves where the writer does not append.
  const std::string path = write("a.log", std::string(3 * kLineBytesMax, '\0') + lines(kGood, 3));
  const auto summary = read({path});
  ASSERT_TRUE(summary) << summary.error().to_string();
  EXPECT_EQ(summary->malformed(), 0u);
  EXPECT_EQ(recording_.events().size(), 3u);
  EXPECT_EQ(recording_.without_address(), 0u);
}

}  // namespace
}  // namespace rateguard::simulate

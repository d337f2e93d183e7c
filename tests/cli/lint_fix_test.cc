// `verdict lint --fix`: the files it mends, those it leaves alone, and what it says.
#include "cli/lint_fix.h"

#include <sys/stat.h>

#include "cli/lint.h"
#include "cli/replace_file.h"
#include "cli/terminal.h"
#include "gmock/gmock.h"
#include "ruleset/folder.h"

namespace verdict::cli {
namespace {

namespace fs = std::filesystem;
using ruleset::ReadFileText;
using ruleset::TestFolder;
using ::testing::HasSubstr;
using ::testing::StartsWith;

struct Ran {
  int exit_code = -1;
  std::string out, err;
};

Ran Lint(std::vector<std::string> arguments) {
  CLI::App app;
  Ran ran;
  AddLintCommand(app, &ran.exit_code);
  arguments.insert(arguments.begin(), "lint");
  std::reverse(arguments.begin(), arguments.end());
  ::testing::internal::CaptureStdout();
  ::testing::internal::CaptureStderr();
  try {
    app.parse(arguments);
  } catch (const CLI::ParseError& error) {
    ran.err = error.what();
  }
  ran.out = ::testing::internal::GetCapturedStdout();
  ran.err += ::testing::internal::GetCapturedStderr();
  return ran;
}

constexpr char kGood[] = "card.count_1d >= 5";
constexpr char kBad[] = "card.cuont_1d >= 5 and 1 < 2";

class LintFix : public ::testing::Test {
 protected:
  LintFix() { folder_.Replace("rules.json", kGood, kBad); }
  std::string Path(const std::string& name) const { return (folder_.path() / name).string(); }
  std::string Text(const std::string& name) const { return ReadFileText(Path(name)); }
  Ran Run(std::vector<std::string> arguments) const {
    arguments.push_back(folder_.path().string());
    Ran ran = Lint(std::move(arguments));
    for (size_t at; (at = ran.out.find(folder_.path().string())) != std::string::npos;) {
      ran.out.replace(at, folder_.path().string().size(), "rules");
    }
    return ran;
  }
  size_t Files() const {
    return static_cast<size_t>(
        std::distance(fs::directory_iterator(folder_.path()), fs::directory_iterator()));
  }
  TestFolder folder_;
};

TEST_F(LintFix, MendsFilesThenLintsThem) {
  const std::string before = Text("rules.json");
  const Ran ran = Run({"--fix"});
  EXPECT_THAT(ran.out, StartsWith("rules/rules.json:8:26  R102  cuont_1d -> count_1d\n"
                                  "rules/rules.json:8:40  R003  and -> &&\n"
                                  "2 fixes in 1 file\n"
                                  "rules/rules.json:8:43: warning[R240]"));
  EXPECT_THAT(ran.out, HasSubstr("0 errors, 1 warning"));
  EXPECT_EQ(ran.exit_code, kExitFindings);  // of the mended folder: it has a warning
  std::string mended = before;
  mended.replace(mended.find(kBad), std::string(kBad).size(), "card.count_1d >= 5 && 1 < 2");
  EXPECT_EQ(Text("rules.json"), mended);
  EXPECT_EQ(Files(), 4u);
}

TEST_F(LintFix, LeavesAFolderWithoutMistakesAlone) {
  folder_.Replace("rules.json", kBad, kGood);
  const auto written = fs::last_write_time(Path("rules.json"));
  const Ran ran = Run({"--fix"});
  EXPECT_THAT(ran.out, StartsWith("no fix was applied\n"));
  EXPECT_EQ(ran.exit_code, kExitOk);
  EXPECT_EQ(fs::last_write_time(Path("rules.json")), written);
}

TEST_F(LintFix, ADryRunSaysTheSameAndWritesNothing) {
  const std::string before = Text("rules.json");
  const Ran dry = Run({"--fix", "--dry-run"});
  EXPECT_EQ(Text("rules.json"), before);
  EXPECT_EQ(Files(), 4u);
  EXPECT_THAT(dry.out,
              HasSubstr("rules/rules.json:8:40  R003  and -> &&\n"
                        "--- rules/rules.json\n+++ rules/rules.json\n@@ -8 +8 @@\n"
                        "-      \"when_all\": [\"card.cuont_1d >= 5 and 1 < 2\", \"merchant.mcc in "
                        "lists.high_risk_mcc\"],\n"
                        "+      \"when_all\": [\"card.count_1d >= 5 && 1 < 2\", \"merchant.mcc in "
                        "lists.high_risk_mcc\"],\n"
                        "2 fixes in 1 file, not written\n"
                        "rules/rules.json:8:43: warning[R240]"));
  const Ran real = Run({"--fix"});
  EXPECT_EQ(real.exit_code, dry.exit_code);
  EXPECT_EQ(real.out.substr(real.out.find("warning[R240]")),
            dry.out.substr(dry.out.find("warning[R240]")));
}

TEST_F(LintFix, ADryRunWithoutFixIsWrongUsage) {
  const Ran ran = Run({"--dry-run"});
  EXPECT_THAT(ran.err, HasSubstr("--fix"));
  EXPECT_EQ(ran.exit_code, -1);
}

TEST_F(LintFix, JsonCarriesWhatWasApplied) {
  const Ran ran = Run({"--fix", "--format", "json"});
  const auto report = nlohmann::json::parse(ran.out);
  EXPECT_EQ(report["dry_run"], false);
  EXPECT_EQ(report["fixes_left"], 0);
  EXPECT_EQ(report["errors"], 0);
  ASSERT_EQ(report["fixed"].size(), 2u);
  EXPECT_EQ(report["fixed"][0].dump(),
            R"({"after":"count_1d","before":"cuont_1d","code":"R102","column":26,)"
            R"("file":"rules/rules.json","line":8})");
  EXPECT_FALSE(nlohmann::json::parse(Run({"--format", "json"}).out).contains("fixed"));
}

TEST_F(LintFix, SaysThatAFixOverlapsAnother) {
  folder_.Replace("rules.json", kBad, "txn.email.matches(\\\"vip\\\")");
  folder_.Replace("rules.json", R"("given": { "card": { "count_1d": 5 })",
                  R"("given": { "txn": { "email": "a vip" })");
  folder_.Replace("rules.json", R"("given": { "card": { "count_1d": 4 })",
                  R"("given": { "txn": { "email": "a" })");
  EXPECT_THAT(Run({"--fix"}).out,
              HasSubstr("1 fix in 1 file; 1 more overlaps one of them: run again\n"));
  EXPECT_THAT(Text("rules.json"), HasSubstr("\"txn.email.contains('vip')\""));
}

TEST_F(LintFix, NeverWritesThroughALinkOutOfTheFolder) {
  TestFolder elsewhere;
  elsewhere.Write("shared.json", Text("rules.json"));
  fs::remove(Path("rules.json"));
  fs::create_symlink(elsewhere.path() / "shared.json", Path("rules.json"));
  folder_.Write("other.json", R"({ "schema": "txn/1", "rules": [ { "id": "other", "name": "Other",
    "owner": "ann", "when": "txn.amout > 5" } ] })");
  const Ran ran = Run({"--fix"});
  EXPECT_EQ(ran.exit_code, kExitTrouble);
  EXPECT_THAT(ran.err, HasSubstr("outside of"));
  EXPECT_THAT(ran.out, StartsWith("rules/other.json:2:34  R102  amout -> amount\n1 fix in 1 file\n"
                                  "rules/rules.json:8:26: error[R102]"));
  EXPECT_THAT(ReadFileText(elsewhere.path() / "shared.json"), HasSubstr(kBad));
  EXPECT_TRUE(fs::is_symlink(Path("rules.json")));
}

TEST_F(LintFix, TheReadmeOfTheRulesShowsWhatItPrints) {
  const std::string shipped = Path("shipped");
  fs::copy("rules", shipped, fs::copy_options::recursive);
  folder_.Replace("shipped/amount.json", "txn.amount_base > 4.0", "txn.amuont_base > 4.0");
  folder_.Replace("shipped/amount.json", "2.0 * card.avg_30d\" ]", "2 * card.avg_30d\" ]");
  std::string out = Lint({"--fix", shipped}).out;
  for (size_t at; (at = out.find(shipped)) != std::string::npos;) {
    out.replace(at, shipped.size(), "rules");
  }
  const std::string shown = out.substr(0, out.find("11 files"));
  EXPECT_THAT(ReadFileText("rules/README.md"), HasSubstr("```\n" + shown + "```\n"));
}

class ReplaceFileTest : public LintFix {
 protected:
  absl::Status Replace(const std::string& name, const std::string& before) const {
    return ReplaceFile({.path = Path(name),
                        .folder = folder_.path().string(),
                        .before = before,
                        .after = "new\n"});
  }
};

TEST_F(ReplaceFileTest, KeepsTheMode) {
  ASSERT_EQ(::chmod(Path("rules.json").c_str(), 0640), 0);
  EXPECT_TRUE(Replace("rules.json", Text("rules.json")).ok());
  EXPECT_EQ(Text("rules.json"), "new\n");
  EXPECT_EQ(fs::status(Path("rules.json")).permissions(), fs::perms(0640));
  EXPECT_EQ(Files(), 4u);
}

TEST_F(ReplaceFileTest, LeavesWhatHasChangedMeanwhile) {
  const std::string now = Text("rules.json");
  const absl::Status status = Replace("rules.json", now + " ");
  EXPECT_EQ(status.code(), absl::StatusCode::kAborted);
  EXPECT_THAT(std::string(status.message()), HasSubstr("run again"));
  EXPECT_EQ(Text("rules.json"), now);
  EXPECT_EQ(Files(), 4u);
}

TEST_F(ReplaceFileTest, FollowsALinkWithinTheFolder) {
  folder_.Write("..data/rules.json", "old\n");
  fs::remove(Path("rules.json"));
  fs::create_symlink("..data/rules.json", Path("rules.json"));
  EXPECT_TRUE(Replace("rules.json", "old\n").ok());
  EXPECT_TRUE(fs::is_symlink(Path("rules.json")));
  EXPECT_EQ(Text("..data/rules.json"), "new\n");
}

TEST_F(ReplaceFileTest, SaysWhatIsNotThere) {
  EXPECT_THAT(std::string(Replace("gone.json", "").message()), HasSubstr("No such file"));
}

}  // namespace
}  // namespace verdict::cli

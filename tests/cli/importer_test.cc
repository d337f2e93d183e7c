// Files into a log: what is taken, what is refused, and what is said about it.
#include "cli/importer.h"

#include <filesystem>
#include <fstream>
#include <sstream>

#include "cli/deployment_flags.h"
#include "cli/generate.h"
#include "gtest/gtest.h"
#include "support/status_matchers.h"

namespace verdict::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::verdict::testing::IsOk;
using ::verdict::testing::StatusIs;

constexpr char kHeader[] = "id,event_time_ms,amount_minor,currency,merchant_id,card_id,is_fraud\n";

class ImporterTest : public ::testing::Test {
 protected:
  void SetUp() override {
    char pattern[] = "/tmp/verdict_import_XXXXXX";
    folder_ = mkdtemp(pattern);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string Write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ + "/" + name, std::ios::binary) << text;
    return folder_ + "/" + name;
  }
  std::string ReadBack(const std::string& name) {
    std::ostringstream text;
    text << std::ifstream(folder_ + "/" + name).rdbuf();
    return text.str();
  }
  absl::StatusOr<ImportSummary> Run(const ImportOptions& options) {
    return Import(options, [&](std::span<eventlog::AppendRequest> batch) {
      for (const eventlog::AppendRequest& request : batch) events_.push_back(request.event);
      return append_status_;
    });
  }
  absl::StatusOr<ImportSummary> ImportText(const std::string& name, const std::string& text) {
    ImportOptions options;
    options.input.path = Write(name, text);
    options.reject_path = folder_ + "/rejects.csv";
    return Run(options);
  }

  std::string folder_;
  std::vector<model::Event> events_;
  absl::Status append_status_;
};

TEST_F(ImporterTest, AFraudIsFollowedByItsLabel) {
  const auto summary = ImportText(
      "a.csv", std::string(kHeader) + "p1,1000,50,EUR,m1,c1,0\np2,2000,70,EUR,m2,c1,1\n");
  ASSERT_THAT(summary, IsOk());
  ASSERT_EQ(events_.size(), 3u);
  EXPECT_EQ(events_[1].txn.id, "p2");
  EXPECT_EQ(events_[2].kind, model::EventKind::kLabel);
  EXPECT_TRUE(events_[2].is_fraud);
  EXPECT_EQ(events_[2].txn.id, "p2");
  EXPECT_EQ(events_[2].txn.merchant_id, "m2");
  EXPECT_EQ(summary->payments, 2);
  EXPECT_EQ(summary->other_events, 1);
}

TEST_F(ImporterTest, BadRowsAreCountedToldAndWrittenDown) {
  const auto summary = ImportText("a.csv", std::string(kHeader) +
                                               "p1,1000,50,EUR,m1,c1,0\n"
                                               "p2,soon,50,EUR,m1,c1,0\n"
                                               "p3,1000,50,EURO,m1,c1,0\n"
                                               "p4,1000,50\n"
                                               "p5,1000,-1,EUR,m1,c1,0\n"
                                               "p6,1000,5,EUR,m1,4111111111111111,0\n"
                                               "p7,1000,5,EUR,\"m1,c1,0\n"
                                               "p8,3000,50,EUR,m1,c1,0\n");
  ASSERT_THAT(summary, IsOk());
  EXPECT_EQ(summary->rows, 8);
  EXPECT_EQ(summary->payments, 2);
  EXPECT_EQ(summary->bad, 6);
  ASSERT_EQ(summary->first_bad.size(), 6u);
  EXPECT_EQ(summary->first_bad[0].line, 3);
  EXPECT_THAT(summary->first_bad[0].reason, HasSubstr("event_time_ms (column event_time_ms)"));
  EXPECT_THAT(summary->first_bad[1].reason, HasSubstr("currency"));
  EXPECT_THAT(summary->first_bad[3].reason, HasSubstr("amount_minor"));
  EXPECT_THAT(summary->first_bad[4].reason, HasSubstr("card number"));
  const std::string rejects = ReadBack("rejects.csv");
  EXPECT_THAT(rejects, AllOf(HasSubstr("line,reason,row\n"), HasSubstr("\"p4,1000,50\"\n"),
                             HasSubstr("\"p7,1000,5,EUR,\"\"m1,c1,0\"")));
}

TEST_F(ImporterTest, OnlyTheFirstTenBadRowsAreShown) {
  std::string text = kHeader;
  for (int i = 0; i < 25; ++i) text += "p,x,1,EUR,m,c,0\n";
  const auto summary = ImportText("a.csv", text);
  ASSERT_THAT(summary, IsOk());
  EXPECT_EQ(summary->bad, 25);
  EXPECT_EQ(summary->first_bad.size(), 10u);
}

TEST_F(ImporterTest, ATimeInTheFutureIsABadRow) {
  const auto summary =
      ImportText("a.csv", std::string(kHeader) + "p1,9999999999999,50,EUR,m1,c1,0\n");
  ASSERT_THAT(summary, IsOk());
  EXPECT_EQ(summary->bad, 1);
  EXPECT_TRUE(events_.empty());
}

TEST_F(ImporterTest, UntilLeavesOutRowsFromThenOnAndBackwardTimesAreCounted) {
  ImportOptions options;
  options.input.path =
      Write("a.csv", std::string(kHeader) +
                         "p1,2000,5,EUR,m,c,0\np2,1000,5,EUR,m,c,0\np3,3000,5,EUR,m,c,1\n");
  options.until_ms = 3000;
  const auto summary = Run(options);
  ASSERT_THAT(summary, IsOk());
  EXPECT_EQ(summary->payments, 2);
  EXPECT_EQ(summary->after_until, 1);
  EXPECT_EQ(summary->out_of_order, 1);
  EXPECT_EQ(events_.size(), 2u);
}

TEST_F(ImporterTest, JsonLinesKeepTheirKind) {
  const auto summary = ImportText(
      "a.jsonl",
      R"({"kind":"EVENT_KIND_REFUND","transaction":{"id":"p1","event_time_ms":"1000","amount_minor":5,"currency":"EUR","merchant_id":"m"}})"
      "\n\n{nonsense}\n"
      R"({"kind":"EVENT_KIND_LABEL","is_fraud":true,"transaction":{"id":"p1","event_time_ms":"1000","amount_minor":5,"currency":"EUR","merchant_id":"m"}})");
  ASSERT_THAT(summary, IsOk());
  ASSERT_EQ(events_.size(), 2u);
  EXPECT_EQ(events_[0].kind, model::EventKind::kRefund);
  EXPECT_TRUE(events_[1].is_fraud);
  EXPECT_EQ(summary->bad, 1);
  EXPECT_EQ(summary->first_bad[0].line, 3);
}

TEST_F(ImporterTest, ALabelIsJudgedAsItsPaymentIs) {
  const auto label = [](const std::string& fields) {
    return R"({"kind":"EVENT_KIND_LABEL","is_fraud":true,"transaction":{"id":"p1","amount_minor":5,)"
           R"("currency":"EUR","merchant_id":"m",)" +
           fields + "}}\n";
  };
  const auto summary =
      ImportText("a.jsonl", label(R"("event_time_ms":"9999999999999")") +
                                label(R"("event_time_ms":"1000","card_id":"4111111111111111")") +
                                label(R"("event_time_ms":"0")") +
                                label(R"("event_time_ms":"1000","card_id":"token")"));
  ASSERT_THAT(summary, IsOk());
  EXPECT_EQ(summary->bad, 3);
  EXPECT_EQ(summary->other_events, 1);
  EXPECT_THAT(summary->first_bad[0].reason, HasSubstr("event_time_ms"));
  EXPECT_THAT(summary->first_bad[1].reason, HasSubstr("card_id"));
  EXPECT_THAT(ReadBack("rejects.csv"), Not(HasSubstr("4111111111111111")));
}

TEST_F(ImporterTest, NoCardNumberOfARefusedRowIsWrittenDown) {
  const auto summary = ImportText(
      "a.csv", std::string(kHeader) +
                   "p1,1000,5,EUR,m1,4111111111111111,0\np2,1000,5,EUR,m1,4111-1111-1111-1111,0\n"
                   "p3,4111111111111111x,5,EUR,m1,c,0\np4,1000,5,EUR,2018-06-01 5500000000000004,"
                   "4111 1111 1111 1111,0\np5,1000,-1,EUR,m1,4111111111111112,0\n");
  ASSERT_THAT(summary, IsOk());
  EXPECT_EQ(summary->bad, 5);
  const std::string rejects = ReadBack("rejects.csv");
  for (const std::string number :
       {"4111111111111111", "4111-1111-1111-1111", "5500000000000004", "4111 1111 1111 1111"}) {
    EXPECT_THAT(rejects, Not(HasSubstr(number)));
    for (const BadRow& row : summary->first_bad) EXPECT_THAT(row.reason, Not(HasSubstr(number)));
  }
  EXPECT_THAT(rejects, HasSubstr("p1,1000,5,EUR,m1,****************,0"));
  EXPECT_THAT(rejects, HasSubstr("p2,1000,5,EUR,m1,****-****-****-****,0"));
  EXPECT_THAT(rejects, HasSubstr("2018-06-01 ****************,"));
  EXPECT_THAT(rejects, HasSubstr("4111111111111112")) << "no card number: the check digit is wrong";
}

TEST_F(ImporterTest, WhatTheGeneratorWritesIsReadBackWhole) {
  GenerateOptions generate;
  generate.merchants = 100;
  generate.cards = 500;
  generate.days = 2;
  generate.payments_per_day = 2000;
  generate.today_payments = 1000;
  generate.gzip = true;
  generate.out = folder_ + "/g";
  const auto made = Generate(generate);
  ASSERT_THAT(made, IsOk());
  ImportOptions options;
  options.input.path = folder_ + "/g/history.csv.gz";
  const auto history = Run(options);
  ASSERT_THAT(history, IsOk());
  EXPECT_EQ(history->payments, made->history.payments);
  EXPECT_EQ(history->bad, 0);
  EXPECT_EQ(history->out_of_order, 0);
  int64_t base = 0;
  for (const model::Event& event : events_) {
    if (event.kind == model::EventKind::kPayment) base += *event.txn.amount_base_minor;
  }
  EXPECT_EQ(base, made->history.amount_base_minor);
  options.input.path = folder_ + "/g/today.events";
  const auto today = Run(options);
  ASSERT_THAT(today, IsOk());
  EXPECT_EQ(today->payments, 1000);
}

TEST_F(ImporterTest, ADamagedEventFileEndsTheImport) {
  EXPECT_THAT(
      ImportText("a.events", std::string("\xff\xff\xff\xff\x7f garbage")),
      StatusIs(absl::StatusCode::kDataLoss, HasSubstr("no file of length-delimited events")));
  EXPECT_THAT(ImportText("b.events", std::string("\x20short")),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("ends within event 1")));
}

TEST_F(ImporterTest, WhatTheLogRefusesEndsTheImport) {
  append_status_ = absl::ResourceExhaustedError("no space left");
  EXPECT_THAT(ImportText("a.csv", std::string(kHeader) + "p1,1000,50,EUR,m1,c1,0\n"),
              StatusIs(absl::StatusCode::kResourceExhausted));
}

TEST_F(ImporterTest, AFileWithoutAHeaderOfOursAsksForAMapping) {
  EXPECT_THAT(ImportText("a.csv", "tx,when\n1,2\n"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("--map")));
  EXPECT_THAT(ImportText("a.csv", ""),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("first line")));
}

TEST_F(ImporterTest, ADirectoryInUseIsRefusedWithThePidAndAHint) {
  DeploymentFlags flags;
  flags.embedded = folder_ + "/dir";
  ASSERT_THAT(ResolveDeployment(&flags), IsOk());
  const auto first = OpenedDeployment::Open(flags, deployment::Role::kImport, "verdict test");
  ASSERT_THAT(first, IsOk());
  EXPECT_THAT(OpenedDeployment::Open(flags, deployment::Role::kImport, "verdict import").status(),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       AllOf(HasSubstr(std::to_string(getpid())), HasSubstr("verdict test"),
                             HasSubstr("Record"))));
}

TEST_F(ImporterTest, AFileOfSettingsNamesTheLogAndTheDaysItsFaultsAreTold) {
  std::ofstream(folder_ + "/v.json") << "{\"embedded\": \"" << folder_ << "/dir\", // here\n"
                                     << " \"clock\": \"event\", \"zone\": \"Europe/Paris\"}";
  DeploymentFlags flags;
  flags.config = folder_ + "/v.json";
  ASSERT_THAT(ResolveDeployment(&flags), IsOk());
  EXPECT_EQ(flags.days.zone_name, "Europe/Paris");
  const auto opened = OpenedDeployment::Open(flags, deployment::Role::kImport, "verdict test");
  ASSERT_THAT(opened, IsOk());
  EXPECT_TRUE((*opened)->clock().is_event_clock());
  flags.embedded = folder_ + "/dir";
  EXPECT_THAT(ResolveDeployment(&flags),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("one of them")));
  std::ofstream(folder_ + "/v.json") << "{\"embeded\": \"x\"}";
  flags.embedded.clear();
  EXPECT_THAT(ResolveDeployment(&flags),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("embeded")));
}

}  // namespace
}  // namespace verdict::cli

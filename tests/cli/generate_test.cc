// Generated data: the same bytes for the same seed, and figures that a payment company would
// recognise.
#include "cli/generate.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "base/hash.h"
#include "cli/payment_generator.h"
#include "cli/random.h"
#include "gtest/gtest.h"
#include "support/status_matchers.h"
#include "verdict/v1/transaction.pb.h"

namespace verdict::cli {
namespace {

using ::testing::HasSubstr;
using ::verdict::testing::IsOk;
using ::verdict::testing::StatusIs;

std::string ReadAll(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

class GenerateTest : public ::testing::Test {
 protected:
  void SetUp() override {
    char pattern[] = "/tmp/verdict_generate_XXXXXX";
    folder_ = mkdtemp(pattern);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  GenerateOptions Small(const std::string& name) const {
    GenerateOptions options;
    options.seed = 42;
    options.merchants = 500;
    options.cards = 3000;
    options.days = 4;
    options.payments_per_day = 10000;
    options.today_payments = 5000;
    options.out = folder_ + "/" + name;
    return options;
  }
  std::string HashOf(const std::string& name) const {
    return base::Sha256Hex(ReadAll(folder_ + "/" + name));
  }
  std::string folder_;
};

TEST_F(GenerateTest, TheSameSeedGivesTheSameBytes) {
  ASSERT_THAT(Generate(Small("a")), IsOk());
  ASSERT_THAT(Generate(Small("b")), IsOk());
  for (const char* file : {"history.csv", "today.events", "labels.csv"}) {
    EXPECT_EQ(HashOf(std::string("a/") + file), HashOf(std::string("b/") + file)) << file;
  }
}

TEST_F(GenerateTest, ASeedKeepsItsBytesFromBuildToBuild) {
  ASSERT_THAT(Generate(Small("a")), IsOk());
  EXPECT_EQ(HashOf("a/history.csv"),
            "aa0bfb4f556c4860397f4cd772a8d3aecf78174e2943242f552ae56f96ff3e65");
  EXPECT_EQ(HashOf("a/labels.csv"),
            "e7774fff18d33c0896f2e7d2a62f844573ea72e232aaf2ef2d1fbf7d71aaabbf");
  EXPECT_EQ(HashOf("a/today.events"),
            "e37217e3a0917277568330e45a8283e88e18f1d4dac4d5af041ef040487656dd");
}

TEST_F(GenerateTest, AnotherSeedGivesOtherBytes) {
  ASSERT_THAT(Generate(Small("a")), IsOk());
  GenerateOptions other = Small("b");
  other.seed = 43;
  ASSERT_THAT(Generate(other), IsOk());
  EXPECT_NE(HashOf("a/history.csv"), HashOf("b/history.csv"));
}

TEST_F(GenerateTest, TodayContinuesTheHistoryWithoutAStatus) {
  ASSERT_THAT(Generate(Small("a")), IsOk());
  const std::string bytes = ReadAll(folder_ + "/a/today.events");
  size_t at = 0;
  int64_t previous_ms = 0;
  uint64_t events = 0;
  while (at < bytes.size()) {
    size_t length = 0;
    for (int shift = 0;; shift += 7) {
      const auto byte = static_cast<uint8_t>(bytes[at++]);
      length |= static_cast<size_t>(byte & 127) << shift;
      if (byte < 128) break;
    }
    v1::TransactionEvent event;
    ASSERT_TRUE(event.ParseFromArray(bytes.data() + at, static_cast<int>(length)));
    at += length;
    ++events;
    EXPECT_EQ(event.kind(), v1::EVENT_KIND_PAYMENT);
    EXPECT_EQ(event.transaction().status(), "");
    EXPECT_GE(event.transaction().event_time_ms(), previous_ms);
    previous_ms = event.transaction().event_time_ms();
  }
  EXPECT_EQ(events, 5000u);
  EXPECT_GE(previous_ms, 1735689600000 + 4 * kDayMs);
  EXPECT_LT(previous_ms, 1735689600000 + 5 * kDayMs);
}

TEST_F(GenerateTest, EveryPaymentHasOneLabelAndOneInAHundredIsAFraud) {
  const absl::StatusOr<GenerateSummary> summary = Generate(Small("a"));
  ASSERT_THAT(summary, IsOk());
  std::istringstream labels(ReadAll(folder_ + "/a/labels.csv"));
  std::string line;
  std::set<std::string> ids;
  std::map<std::string, int> kinds;
  std::getline(labels, line);
  EXPECT_EQ(line, "id,is_fraud,kind");
  while (std::getline(labels, line)) {
    ids.insert(line.substr(0, line.find(',')));
    ++kinds[line.substr(line.rfind(',') + 1)];
  }
  EXPECT_EQ(static_cast<int64_t>(ids.size()), summary->history.payments + summary->today.payments);
  EXPECT_EQ(kinds.size(), 5u);
  const double share = 1 - static_cast<double>(kinds[""]) / static_cast<double>(ids.size());
  EXPECT_NEAR(share, 0.01, 0.002);
}

TEST_F(GenerateTest, ABadStartDayIsRefusedWithAHint) {
  GenerateOptions options = Small("a");
  options.start = "01.02.2025";
  EXPECT_THAT(Generate(options),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("2025-01-01")));
}

TEST_F(GenerateTest, AFolderThatCannotBeMadeIsNamed) {
  GenerateOptions options = Small("a");
  options.out = "/proc/nowhere";
  EXPECT_THAT(Generate(options),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("/proc/nowhere")));
}

TEST(Population, OneMerchantAndOneCardAreEnough) {
  const Population population({7, 1, 1, 2});
  PaymentGenerator generator(&population, 7);
  std::vector<Payment> payments;
  generator.MakeDay(0, 0, 1000, &payments);
  EXPECT_EQ(payments.size(), 1000u);
}

TEST(PaymentGenerator, APopularMerchantGetsFarMoreThanTheMedianOne) {
  const Population population({7, 1000, 5000, 2});
  PaymentGenerator generator(&population, 7);
  std::vector<Payment> payments;
  generator.MakeDay(0, 0, 50000, &payments);
  std::vector<int> counts(1000);
  for (const Payment& payment : payments) ++counts[payment.merchant];
  std::sort(counts.begin(), counts.end());
  EXPECT_GT(counts.back(), 20 * std::max(1, counts[500]));
  EXPECT_GT(counts[500], 0);
}

TEST(PaymentGenerator, ATestingBurstIsOneDeviceWithManyCardsAtOneMerchantWithinMinutes) {
  const Population population({7, 1000, 5000, 2});
  PaymentGenerator generator(&population, 7);
  std::vector<Payment> payments;
  generator.MakeDay(0, 0, 50000, &payments);
  struct Burst {
    std::set<uint32_t> merchants, cards;
    int64_t first_ms = INT64_MAX, last_ms = 0;
    int payments = 0;
  };
  std::map<uint64_t, Burst> bursts;
  for (const Payment& p : payments) {
    if (p.fraud != FraudKind::kTesting) continue;
    Burst& burst = bursts[p.device];
    burst.merchants.insert(p.merchant);
    burst.cards.insert(p.card);
    burst.first_ms = std::min(burst.first_ms, p.time_ms);
    burst.last_ms = std::max(burst.last_ms, p.time_ms);
    ++burst.payments;
    EXPECT_LE(p.amount_base_minor, 302);
  }
  ASSERT_FALSE(bursts.empty());
  for (const auto& [device, burst] : bursts) {
    EXPECT_EQ(burst.merchants.size(), 1u);
    EXPECT_GE(burst.payments, 15);
    EXPECT_GE(burst.cards.size(), 12u);
    EXPECT_LE(burst.last_ms - burst.first_ms, 600'000);
  }
}

TEST(PaymentGenerator, ALeakedCardIsSpentAbroadInABurst) {
  const Population population({7, 1000, 5000, 2});
  PaymentGenerator generator(&population, 7);
  std::vector<Payment> payments;
  generator.MakeDay(0, 0, 50000, &payments);
  std::map<uint32_t, int> by_card;
  for (const Payment& p : payments) {
    if (p.fraud != FraudKind::kLeaked) continue;
    ++by_card[p.card];
    EXPECT_NE(p.payer_country, population.cards()[p.card].country);
  }
  ASSERT_FALSE(by_card.empty());
  int bursts = 0;
  for (const auto& [card, count] : by_card) bursts += count >= 4 ? 1 : 0;
  EXPECT_GT(bursts * 10, static_cast<int>(by_card.size()) * 8);
}

TEST(PaymentGenerator, ShopsAreClosedAtNight) {
  const Population population({7, 1000, 5000, 2});
  PaymentGenerator generator(&population, 7);
  std::vector<Payment> payments;
  generator.MakeDay(0, 0, 50000, &payments);
  for (const Payment& p : payments) {
    const Merchant& merchant = population.merchants()[p.merchant];
    const int hour = static_cast<int>(p.time_ms / 3600000);
    if (p.fraud != FraudKind::kNone) continue;
    EXPECT_TRUE(merchant.IsOpen(hour, false)) << hour;
  }
}

TEST(Money, ConvertingThereAndBackKeepsTheAmountWithinACentOrAMinorUnit) {
  for (uint8_t country = 0; country < Countries().size(); ++country) {
    for (const double eur : {0.5, 12.34, 999.99, 12345.67}) {
      const int64_t back = ToEurCents(ToMinor(eur, country, 3), country, 3);
      EXPECT_NEAR(static_cast<double>(back), eur * 100, 1.5) << Countries()[country].code;
    }
  }
}

TEST(Random, ExpAndLogAgreeWithTheMathsLibrary) {
  for (double x = -20; x <= 20; x += 0.137) {
    EXPECT_NEAR(PortableExp(x) / std::exp(x), 1, 1e-13) << x;
    const double y = std::exp(x);
    EXPECT_NEAR(PortableLog(y), x, 1e-12) << y;
  }
}

TEST(Random, AnAliasTableDrawsByWeight) {
  const AliasTable table({1, 0, 3, 6});
  Random random(5);
  std::vector<int> counts(4);
  for (int i = 0; i < 100000; ++i) ++counts[table.Draw(&random)];
  EXPECT_EQ(counts[1], 0);
  EXPECT_NEAR(counts[0], 10000, 500);
  EXPECT_NEAR(counts[2], 30000, 800);
  EXPECT_NEAR(counts[3], 60000, 800);
}

TEST(Random, BellHasMeanZeroAndDeviationOne) {
  Random random(5);
  double sum = 0, squares = 0;
  for (int i = 0; i < 100000; ++i) {
    const double x = random.Bell();
    sum += x;
    squares += x * x;
  }
  EXPECT_NEAR(sum / 100000, 0, 0.02);
  EXPECT_NEAR(squares / 100000, 1, 0.03);
}

}  // namespace
}  // namespace verdict::cli

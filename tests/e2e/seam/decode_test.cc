#include "e2e/seam/decode.h"

#include "e2e/seam/examples.h"
#include "e2e/seam/payment_system.h"
#include "gtest/gtest.h"

namespace verdict::seam {
namespace {

const int64_t kNow = At(12, 31, 0, 0);

TEST(Decode, ReadsProtobufAndJsonAlike) {
  Fact fact = Paid("p1", 1234, At(10, 28, 12, 0));
  fact.kind = Kind::kRefund;
  fact.sequence = 3;
  fact.customer = "u";
  for (const bool json : {false, true}) {
    const Entry entry = Decode(MessageOf(fact, json), kNow);
    EXPECT_EQ(entry.unreadable, "");
    EXPECT_EQ(entry.fact.kind, Kind::kRefund);
    EXPECT_EQ(entry.fact.sequence, 3);
    EXPECT_EQ(entry.fact.id, "p1");
    EXPECT_EQ(entry.fact.base_amount, 1234);
    EXPECT_EQ(entry.fact.merchant, "shop");
    EXPECT_EQ(entry.fact.card, "card");
    EXPECT_EQ(entry.fact.customer, "u");
    EXPECT_EQ(entry.fact.status, "approved");
    EXPECT_EQ(entry.fact.time_ms, fact.time_ms);
  }
}

TEST(Decode, AForeignAmountIsKnownWhereItsBaseAmountIsGiven) {
  Fact fact = Paid("p1", 1234, At(10, 28, 12, 0));
  fact.foreign = true;
  EXPECT_EQ(Decode(MessageOf(fact, false), kNow).fact.base_amount, 1234);
  fact.base_amount.reset();
  EXPECT_EQ(Decode(MessageOf(fact, false), kNow).fact.base_amount, std::nullopt);
}

TEST(Decode, SaysWhatNobodyCanCount) {
  Message message = MessageOf(Paid("p1", 1, At(10, 28, 12, 0)), false);
  message.value = std::string("\x00\x01", 2);
  EXPECT_EQ(Decode(message, kNow).unreadable, "no protobuf of an event");
  message.headers.emplace_back(kContentType, kJson);
  EXPECT_EQ(Decode(message, kNow).unreadable, "no JSON of an event");
  message.value = "{}";
  EXPECT_EQ(Decode(message, kNow).unreadable, "no kind");
  const Entry future = Decode(MessageOf(Paid("p1", 1, kNow + 1), false), kNow);
  EXPECT_EQ(future.unreadable, "stamped in the real future");
  EXPECT_TRUE(future.in_real_future);
}

}  // namespace
}  // namespace verdict::seam

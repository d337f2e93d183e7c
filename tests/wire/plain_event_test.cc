// The quick reader says what protobuf says, or nothing.
#include "wire/plain_event.h"

#include <random>
#include <string>

#include "gtest/gtest.h"
#include "support/status_matchers.h"
#include "wire/event_proto.h"

namespace verdict::wire {
namespace {

using testing::IsOk;

model::Event FullEvent() {
  model::Event event;
  event.kind = model::EventKind::kRefund;
  event.sequence = 300;
  event.is_fraud = true;
  model::Transaction& txn = event.txn;
  txn.id = "t1";
  txn.event_time_ms = 1'700'000'000'123;
  txn.amount_minor = 123'456'789;
  txn.amount_base_minor = 0;
  int number = 0;
  for (std::string* text :
       {&txn.currency, &txn.merchant_id, &txn.merchant_mcc, &txn.merchant_country, &txn.card_id,
        &txn.card_country, &txn.customer_id, &txn.device_id, &txn.ip, &txn.country, &txn.channel,
        &txn.status}) {
    *text = "text " + std::to_string(++number);
  }
  return event;
}

std::string BytesOf(const model::Event& event) {
  v1::TransactionEvent message;
  ToProto(event, &message);
  return message.SerializeAsString();
}

// What the long way makes of it; nothing where it refuses.
std::optional<model::Event> ByProtobuf(const std::string& bytes) {
  v1::TransactionEvent message;
  model::Event event;
  if (!message.ParseFromString(bytes) || !FromProto(message, &event).ok()) return std::nullopt;
  return event;
}

model::Event UsedBefore() {
  model::Event event = FullEvent();
  event.txn.attributes = {{"left", std::string("over")}};
  event.txn.amount_base_minor = 77;
  return event;
}

TEST(PlainEvent, ReadsEveryFieldButAttributes) {
  model::Event event = UsedBefore();
  ASSERT_TRUE(ReadPlainEvent(BytesOf(FullEvent()), &event));
  EXPECT_EQ(event, FullEvent());
  model::Event least;
  least.txn.id = "x";
  ASSERT_TRUE(ReadPlainEvent(BytesOf(least), &event));
  EXPECT_EQ(event, least);
  v1::TransactionEvent message;
  ToProto(FullEvent(), &message);
  // A field that is added to the contract must be added here, or be let through.
  EXPECT_EQ(v1::Transaction::descriptor()->field_count(), 17);
  EXPECT_EQ(v1::TransactionEvent::descriptor()->field_count(), 4);
}

TEST(PlainEvent, LeavesTheUnusualToProtobuf) {
  model::Event event;
  model::Event unusual = FullEvent();
  unusual.txn.attributes = {{"a", int64_t{1}}};
  EXPECT_FALSE(ReadPlainEvent(BytesOf(unusual), &event));
  unusual = FullEvent();
  unusual.txn.customer_id = "Ren\xc3\xa9";
  EXPECT_FALSE(ReadPlainEvent(BytesOf(unusual), &event));
  unusual = FullEvent();
  unusual.txn.amount_minor = -1;
  EXPECT_FALSE(ReadPlainEvent(BytesOf(unusual), &event));
  EXPECT_FALSE(ReadPlainEvent("", &event));
  EXPECT_FALSE(ReadPlainEvent(BytesOf(FullEvent()) + BytesOf(FullEvent()), &event));
  v1::TransactionEvent message;
  ToProto(FullEvent(), &message);
  message.set_kind(static_cast<v1::EventKind>(9));
  EXPECT_FALSE(ReadPlainEvent(message.SerializeAsString(), &event));
}

// Bytes of events, changed at random: what it reads is what protobuf reads.
TEST(PlainEvent, AgreesWithProtobufOnWhateverItReads) {
  std::mt19937 random(20250131);
  const std::string full = BytesOf(FullEvent());
  int read = 0;
  for (int round = 0; round < 300'000; ++round) {
    std::string bytes = full;
    for (int change = static_cast<int>(random() % 4); change >= 0 && !bytes.empty(); --change) {
      const size_t at = random() % bytes.size();
      switch (random() % 4) {
        case 0:
          bytes[at] = static_cast<char>(random());
          break;
        case 1:
          bytes.erase(at, 1 + random() % 3);
          break;
        case 2:
          bytes.insert(at, 1, static_cast<char>(random() % 160));
          break;
        default:
          bytes[at] = static_cast<char>(bytes[at] ^ (1 << random() % 8));
      }
    }
    model::Event quick = UsedBefore();
    if (!ReadPlainEvent(bytes, &quick)) continue;
    ++read;
    const std::optional<model::Event> slow = ByProtobuf(bytes);
    ASSERT_TRUE(slow.has_value()) << round;
    ASSERT_EQ(quick, *slow) << round;
  }
  EXPECT_GT(read, 20'000);
}

}  // namespace
}  // namespace verdict::wire

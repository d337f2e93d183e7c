// What becomes of a record's value, without a broker.
#include "kafka_log/record_decoder.h"

#include <string>

#include "gtest/gtest.h"
#include "support/status_matchers.h"
#include "wire/event_bytes.h"
#include "wire/event_json.h"

namespace verdict::kafka_log {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

model::Event SomeEvent() {
  model::Event event;
  event.txn.id = "t1";
  event.txn.event_time_ms = 1'700'000'000'000;
  event.txn.amount_minor = 995;
  event.txn.currency = "EUR";
  event.txn.merchant_id = "m1";
  event.txn.attributes = {{"note", std::string("x")}};
  return event;
}

std::string Bytes(const model::Event& event) {
  std::string bytes;
  wire::EventToBytes(event, &bytes);
  return bytes;
}

eventlog::LogRecord Decode(RecordDecoder* decoder, std::optional<std::string_view> value,
                           std::optional<std::string_view> content_type = {}) {
  eventlog::LogRecord record;
  record.unreadable = "left from before";
  record.left_out = true;
  decoder->Decode({.value = value, .content_type = content_type}, &record);
  return record;
}

TEST(RecordDecoderTest, ReadsProtobufAndJson) {
  RecordDecoder protobuf(ValueFormat::kProtobuf, std::nullopt);
  RecordDecoder json(ValueFormat::kJson, std::nullopt);
  for (const auto& record :
       {Decode(&protobuf, Bytes(SomeEvent())), Decode(&json, wire::EventToJson(SomeEvent()))}) {
    EXPECT_THAT(record.unreadable, IsEmpty());
    EXPECT_FALSE(record.left_out);
    EXPECT_EQ(record.event, SomeEvent());
  }
}

TEST(RecordDecoderTest, SaysWhyAValueIsUnreadable) {
  RecordDecoder protobuf(ValueFormat::kProtobuf, std::nullopt);
  RecordDecoder json(ValueFormat::kJson, std::nullopt);
  EXPECT_THAT(Decode(&protobuf, "\x0f nonsense").unreadable,
              HasSubstr("no verdict.v1.TransactionEvent"));
  EXPECT_THAT(Decode(&protobuf, "").unreadable, HasSubstr("kind"));
  EXPECT_THAT(
      Decode(&json, R"({"kind": "EVENT_KIND_PAYMENT", "transaction": {"idd": "x"}})").unreadable,
      HasSubstr("idd"));
  EXPECT_THAT(Decode(&json, std::string((1 << 20) + 1, ' ')).unreadable,
              HasSubstr("at most 1048576"));
  EXPECT_THAT(Decode(&protobuf, std::nullopt).unreadable, HasSubstr("no value"));
}

TEST(RecordDecoderTest, TheContentTypeWinsOverConfiguration) {
  RecordDecoder protobuf(ValueFormat::kProtobuf, std::nullopt);
  RecordDecoder json(ValueFormat::kJson, std::nullopt);
  const std::string text = wire::EventToJson(SomeEvent());
  EXPECT_EQ(Decode(&protobuf, text, "application/json").event, SomeEvent());
  EXPECT_EQ(Decode(&protobuf, text, " Application/JSON; charset=utf-8").event, SomeEvent());
  EXPECT_EQ(Decode(&json, Bytes(SomeEvent()), "application/x-protobuf").event, SomeEvent());
  EXPECT_EQ(Decode(&json, Bytes(SomeEvent()), "application/protobuf").event, SomeEvent());
  EXPECT_THAT(Decode(&json, text, "text/xml").unreadable, HasSubstr("content-type"));
  EXPECT_THAT(Decode(&json, text, "").unreadable, HasSubstr("content-type"));
}

TEST(RecordDecoderTest, WhatScoreWouldRefuseIsUnreadable) {
  RecordDecoder decoder(ValueFormat::kProtobuf, std::nullopt);
  model::Event event = SomeEvent();
  event.txn.id.clear();
  EXPECT_THAT(Decode(&decoder, Bytes(event)).unreadable, HasSubstr("id: is empty"));
  event = SomeEvent();
  event.sequence = 3;
  EXPECT_THAT(Decode(&decoder, Bytes(event)).unreadable, HasSubstr("sequence"));
  event = SomeEvent();
  event.txn.card_id = "4111111111111111";
  EXPECT_THAT(Decode(&decoder, Bytes(event)).unreadable,
              AllOf(HasSubstr("card_id"), Not(HasSubstr("4111"))));
  event = SomeEvent();
  event.txn.event_time_ms = 4'000'000'000'000;  // how early is judged by the record's time
  EXPECT_THAT(Decode(&decoder, Bytes(event)).unreadable, IsEmpty());
}

class MappedTest : public ::testing::Test {
 protected:
  static RecordDecoder Make() {
    auto mapping = mapping::Mapping::Parse("m.json", R"({"fields": {
      "id": "ref", "event_time_ms": {"column": "at", "format": "ms"}, "amount_minor": "cents",
      "currency": {"constant": "EUR"}, "merchant_id": "shop"},
      "filters": [{"column": "type", "in": ["", "sale"]}]})");
    return {ValueFormat::kMapping, *mapping::JsonMapper::Bind(*std::move(mapping))};
  }
  RecordDecoder decoder_ = Make();
};

TEST_F(MappedTest, ReadsForeignJson) {
  const auto record =
      Decode(&decoder_, R"({"ref":"t1","at":1700000000000,"cents":995,"shop":"m1"})");
  EXPECT_THAT(record.unreadable, IsEmpty());
  EXPECT_EQ(record.event.txn.amount_minor, 995);
}

TEST_F(MappedTest, ReadsJsonOfTheContentTypeByTheMappingToo) {
  const std::string json = R"({"ref":"t1","at":1700000000000,"cents":995,"shop":"m1"})";
  EXPECT_THAT(Decode(&decoder_, json, "application/json").unreadable, IsEmpty());
  EXPECT_EQ(Decode(&decoder_, Bytes(SomeEvent()), "application/x-protobuf").event, SomeEvent());
}

TEST_F(MappedTest, WhatAFilterLeavesOutIsNotUnreadable) {
  const auto record = Decode(&decoder_, R"({"type": "ping"})");
  EXPECT_TRUE(record.left_out);
  EXPECT_THAT(record.unreadable, IsEmpty());
}

TEST_F(MappedTest, NoReasonRepeatsACardNumber) {
  const auto record =
      Decode(&decoder_, R"({"ref":"t1","at":"4111 1111 1111 1111","cents":995,"shop":"m1"})");
  EXPECT_THAT(record.unreadable, AllOf(HasSubstr("at"), HasSubstr("****"), Not(HasSubstr("1111"))));
}

}  // namespace
}  // namespace verdict::kafka_log

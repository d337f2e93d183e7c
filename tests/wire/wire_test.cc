// Every field survives every way through protobuf, JSON and the log's bytes; broken bytes are
// refused, never misread.
#include <google/protobuf/stubs/logging.h>

#include <random>
#include <string>

#include "gtest/gtest.h"
#include "support/status_matchers.h"
#include "wire/decision_proto.h"
#include "wire/event_json.h"
#include "wire/event_proto.h"
#include "wire/log_value.h"

namespace verdict::wire {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::verdict::testing::IsOk;
using ::verdict::testing::StatusIs;

model::Event FullEvent() {
  model::Event event;
  event.kind = model::EventKind::kRefund;
  event.sequence = 3;
  event.is_fraud = true;
  model::Transaction& txn = event.txn;
  txn.id = "t-1";
  txn.event_time_ms = 1'700'000'000'123;
  txn.amount_minor = 12'34;
  txn.currency = "USD";
  txn.amount_base_minor = 11'22;
  txn.merchant_id = "m-1";
  txn.merchant_mcc = "5411";
  txn.merchant_country = "FR";
  txn.card_id = "c-1";
  txn.card_country = "DE";
  txn.customer_id = "u-1";
  txn.device_id = "d-1";
  txn.ip = "2001:db8::1";
  txn.country = "IT";
  txn.channel = "ecom";
  txn.status = "approved";
  txn.attributes = {{"card.bin", std::string("424242")},
                    {"flag", true},
                    {"ids", std::vector<int64_t>{1, -2}},
                    {"names", std::vector<std::string>{"a", ""}},
                    {"n", int64_t{-7}},
                    {"x", 0.25}};
  std::sort(txn.attributes.begin(), txn.attributes.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  return event;
}

model::Decision FullDecision() {
  model::Decision decision;
  decision.transaction_id = "t-1";
  decision.outcome = model::Outcome::kDeny;
  decision.decided_by = model::DecidedBy::kScore;
  decision.provenance = model::Provenance::kPartial;
  decision.partial_reasons = model::kPartialBatch | model::kPartialFx;
  decision.score = -5;
  decision.reasons = {"VELOCITY"};
  decision.rule_ids = {"r1", "r2"};
  decision.shadow_rule_ids = {"s"};
  decision.missing_rule_ids = {"m"};
  decision.error_rule_ids = {"e"};
  decision.rule_set = "0123456789ab";
  decision.decided_at_ms = 42;
  decision.request_digest = {0x0102030405060708, UINT64_MAX};
  return decision;
}

TEST(EventProto, EveryFieldGoesThereAndBack) {
  v1::TransactionEvent message;
  ToProto(FullEvent(), &message);
  model::Event back;
  ASSERT_THAT(FromProto(message, &back), IsOk());
  EXPECT_EQ(back, FullEvent());
  // Were a field added to the message and forgotten here, this count would tell.
  EXPECT_EQ(v1::Transaction::descriptor()->field_count(), 17);
  EXPECT_EQ(v1::TransactionEvent::descriptor()->field_count(), 4);
}

TEST(EventProto, NothingOfAnEarlierEventIsLeftInAReusedOne) {
  model::Event reused = FullEvent();
  model::Event plain;
  plain.txn.id = "t-2";
  v1::TransactionEvent message;
  ToProto(FullEvent(), &message);
  ToProto(plain, &message);
  ASSERT_THAT(FromProto(message, &reused), IsOk());
  EXPECT_EQ(reused, plain);
}

TEST(EventProto, AnUnknownKindIsRefusedByName) {
  v1::TransactionEvent message;
  message.mutable_transaction()->set_id("t");
  model::Event out;
  EXPECT_THAT(FromProto(message, &out),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("kind")));
  message.set_kind(static_cast<v1::EventKind>(17));
  EXPECT_THAT(FromProto(message, &out),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("17")));
  message.set_kind(v1::EVENT_KIND_PAYMENT);
  message.clear_transaction();
  EXPECT_THAT(FromProto(message, &out),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("transaction")));
}

TEST(EventProto, AnAttributeWithoutAValueIsRefusedByName) {
  v1::Transaction message;
  (*message.mutable_attributes())["card.bin"];
  model::Transaction out;
  EXPECT_THAT(FromProto(message, &out),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("card.bin")));
}

TEST(EventProto, MoreAttributesThanWeTakeAreRefusedButThoseOfTheLogAreRead) {
  v1::Transaction message;
  for (int i = 0; i < kAttributesMax; ++i) {
    (*message.mutable_attributes())["a" + std::to_string(i)].set_int_value(i);
  }
  model::Transaction out;
  EXPECT_THAT(FromProto(message, &out), IsOk());
  (*message.mutable_attributes())["one.more"].set_int_value(1);
  model::Transaction untouched;
  EXPECT_THAT(
      FromProto(message, &untouched),
      StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("attributes: 65 given; at most 64")));
  EXPECT_TRUE(untouched.attributes.empty());
  EXPECT_THAT(FromProto(message, &out, Source::kTrusted), IsOk());
}

TEST(EventProto, ANameOfAnAttributeThatIsTooLongIsRefusedWithoutEchoingIt) {
  v1::Transaction message;
  (*message.mutable_attributes())[std::string(kAttributeNameBytesMax, 'x')].set_int_value(1);
  model::Transaction out;
  EXPECT_THAT(FromProto(message, &out), IsOk());
  (*message.mutable_attributes())[std::string(kAttributeNameBytesMax + 1, 'y')];
  const absl::Status refused = FromProto(message, &out);
  EXPECT_THAT(refused,
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("a name of 65 bytes")));
  EXPECT_THAT(std::string(refused.message()), Not(HasSubstr("yy")));
}

TEST(DecisionProto, EveryFieldGoesThereAndBack) {
  v1::DecisionRecord message;
  ToProto(FullDecision(), &message);
  EXPECT_EQ(message.partial_reasons_size(), 2);
  EXPECT_EQ(message.partial_reasons(1), "fx");
  model::Decision back;
  ASSERT_THAT(FromProto(message, &back), IsOk());
  EXPECT_EQ(back, FullDecision());
  EXPECT_EQ(v1::DecisionRecord::descriptor()->field_count(), 14);
}

TEST(DecisionProto, EveryEnumValueGoesThereAndBack) {
  model::Decision decision = FullDecision(), back;
  v1::DecisionRecord message;
  for (int outcome = 1; outcome <= 3; ++outcome) {
    for (int provenance = 0; provenance <= 3; ++provenance) {
      for (int by = 1; by <= 6; ++by) {
        decision.outcome = static_cast<model::Outcome>(outcome);
        decision.provenance = static_cast<model::Provenance>(provenance);
        decision.decided_by = static_cast<model::DecidedBy>(by);
        ToProto(decision, &message);
        ASSERT_THAT(FromProto(message, &back), IsOk());
        ASSERT_EQ(back, decision);
      }
    }
  }
}

TEST(DecisionProto, UnknownValuesAreRefusedByName) {
  v1::DecisionRecord good;
  ToProto(FullDecision(), &good);
  model::Decision out;
  const auto refused = [&](auto change, const char* field) {
    v1::DecisionRecord bad = good;
    change(&bad);
    EXPECT_THAT(FromProto(bad, &out),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(field)));
  };
  refused([](auto* m) { m->set_outcome(v1::OUTCOME_UNSPECIFIED); }, "outcome");
  refused([](auto* m) { m->set_outcome(static_cast<v1::Outcome>(9)); }, "outcome");
  refused([](auto* m) { m->set_provenance(static_cast<v1::Provenance>(9)); }, "provenance");
  refused([](auto* m) { m->set_decided_by(static_cast<v1::DecidedBy>(9)); }, "decided_by");
  refused([](auto* m) { m->add_partial_reasons("moon"); }, "moon");
  refused([](auto* m) { m->set_request_digest("short"); }, "request_digest");
}

TEST(EventJson, GoesThereAndBack) {
  model::Event back;
  ASSERT_THAT(EventFromJson(EventToJson(FullEvent()), &back), IsOk());
  EXPECT_EQ(back, FullEvent());
  model::Transaction txn;
  ASSERT_THAT(TransactionFromJson(TransactionToJson(FullEvent().txn), &txn), IsOk());
  EXPECT_EQ(txn, FullEvent().txn);
}

TEST(EventJson, ReadsBothSpellingsAndNumbersAsNumbers) {
  model::Event event;
  ASSERT_THAT(
      EventFromJson(R"({"kind":"EVENT_KIND_PAYMENT","transaction":{"id":"a","amount_minor":5,
      "merchantId":"m","eventTimeMs":"7","attributes":{"n":{"int_value":3}}}})",
                    &event),
      IsOk());
  EXPECT_EQ(event.txn.amount_minor, 5);
  EXPECT_EQ(event.txn.merchant_id, "m");
  EXPECT_EQ(event.txn.event_time_ms, 7);
  EXPECT_EQ(std::get<int64_t>(event.txn.attributes.at(0).value), 3);
}

TEST(EventJson, SaysWhatIsWrongAndWhere) {
  model::Event event;
  EXPECT_THAT(EventFromJson("{", &event), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(
      EventFromJson(R"({"kind":"EVENT_KIND_PAYMENT","transaction":{"amuont_minor":5}})", &event),
      StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("amuont_minor")));
  EXPECT_THAT(
      EventFromJson(R"({"kind":"EVENT_KIND_PAYMENT","transaction":{"amount_minor":"x"}})", &event),
      StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("amount")));
  EXPECT_THAT(EventFromJson(R"({"kind":"PAY","transaction":{}})", &event),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("kind")));
  EXPECT_THAT(EventFromJson(R"({"transaction":{}})", &event),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("kind")));
}

// The refusal of a transaction's text; empty where it is taken.
std::string Refusal(std::string_view json) {
  model::Transaction txn;
  const absl::Status status = TransactionFromJson(json, &txn);
  EXPECT_TRUE(status.ok() || status.code() == absl::StatusCode::kInvalidArgument);
  return std::string(status.message());
}

TEST(EventJson, WhatIsNoJsonIsToldWithLineAndColumn) {
  EXPECT_EQ(Refusal("{ nonsense"),
            "line 1, column 3: is not JSON: expected a field's name in double quotes, found `n`");
  EXPECT_EQ(Refusal("{\n  \"id\": \"é\" \"currency\""),
            "line 2, column 13: is not JSON: expected `,` or `}`, found `\"`");
  EXPECT_EQ(Refusal("{\"id\" 5}"),
            "line 1, column 7: is not JSON: expected `:` between name and value, found `5`");
  EXPECT_EQ(Refusal("{\"id\": }"), "line 1, column 8: is not JSON: expected a value, found `}`");
  EXPECT_EQ(Refusal("{\"id\": \"a\"} x"),
            "line 1, column 13: is not JSON: expected the end of the text, found `x`");
  EXPECT_EQ(Refusal("[]"), "line 1, column 1: is not JSON: expected `{`, found `[`");
  EXPECT_EQ(Refusal(""), "line 1, column 1: is not JSON: expected `{`, found the end of the text");
  EXPECT_EQ(Refusal("{\"id\": \"a\n"),
            "line 1, column 8: this string does not end on its line; expected a closing `\"`");
  EXPECT_EQ(Refusal("{\"amount_minor\": 01}"),
            "line 1, column 18: expected a number as JSON writes it, such as 12, -3 or 0.5");
  EXPECT_EQ(Refusal(R"({"id": "\u12"})"),
            "line 1, column 9: expected four hexadecimal digits after `\\u`");
  EXPECT_EQ(Refusal("{\"id\": " + std::string(100'000, '[')),
            "line 1, column 8: id: must be a string in double quotes, not a list");
  EXPECT_THAT(Refusal("{\"id\": \"\xff\"}"), HasSubstr("is not JSON: "));
}

TEST(EventJson, AnUnknownFieldIsToldWithThoseThatThereAre) {
  EXPECT_THAT(Refusal(R"({"id": "a", "amuont_minor": 5})"),
              AllOf(HasSubstr("line 1, column 13: unknown field \"amuont_minor\"; known are id, "),
                    HasSubstr(", amount_minor, ")));
  EXPECT_THAT(Refusal(R"({"attributes": {"n": {"int": 5}}})"),
              HasSubstr("column 23: attributes[\"n\"]: unknown field \"int\"; known are "
                        "string_value, int_value"));
  EXPECT_THAT(Refusal("{\"" + std::string(500, 'x') + "\": 1}"), Not(HasSubstr("xxx\"")));
}

TEST(EventJson, AValueOfAnotherTypeIsToldWithTheOneItMustHaveAndNotRepeated) {
  const std::string card = Refusal(R"({"card_id": 4111111111111111})");
  EXPECT_EQ(card, "line 1, column 13: card_id: must be a string in double quotes, not a number");
  EXPECT_THAT(Refusal(R"({"id": ["a"]})"), HasSubstr("id: must be a string"));
  EXPECT_THAT(Refusal(R"({"id": {}})"), HasSubstr("id: must be a string"));
  const char kWhole[] = "amount_minor: must be a whole number of at most 64 bits, not ";
  EXPECT_THAT(Refusal(R"({"amount_minor": 1.5})"), HasSubstr(std::string(kWhole) + "this number"));
  EXPECT_THAT(Refusal(R"({"amount_minor": "x"})"), HasSubstr(std::string(kWhole) + "this string"));
  EXPECT_THAT(Refusal(R"({"amount_minor": true})"), HasSubstr(std::string(kWhole) + "a boolean"));
  EXPECT_THAT(Refusal(R"({"amount_minor": 99999999999999999999})"), HasSubstr(kWhole));
  EXPECT_THAT(Refusal(R"({"attributes": []})"), HasSubstr("attributes: must be an object"));
  const auto attribute = [](const std::string& value) {
    return Refusal(R"({"attributes": {"n": )" + value + "}}");
  };
  EXPECT_THAT(attribute("5"), HasSubstr("attributes[\"n\"]: must be an object { }, not a number"));
  EXPECT_THAT(attribute(R"({"double_value": "x"})"), HasSubstr("double_value: must be a number"));
  EXPECT_THAT(attribute(R"({"bool_value": 1})"), HasSubstr("bool_value: must be true or false"));
  EXPECT_THAT(attribute(R"({"int_list": 1.5})"), HasSubstr("int_list: must be an object { }"));
  EXPECT_THAT(attribute(R"({"int_list": {"values": [1, 1.5]}})"),
              HasSubstr("int_list.values[1]: must be a whole number"));
  EXPECT_THAT(attribute(R"({"int_value": 1, "bool_value": true})"),
              HasSubstr("column 39: attributes[\"n\"]: holds more than one value"));
  EXPECT_THAT(attribute(R"({"int_value": 1}, "n": {})"), HasSubstr("[\"n\"]: stands twice"));
}

TEST(EventJson, OfALineOfAFileTheColumnIsTold) {
  model::Event event;
  EXPECT_THAT(
      EventFromJson(R"({"kind": "EVENT_KIND_PAYMENT", "transaction": {"id": 5}})", &event),
      StatusIs(absl::StatusCode::kInvalidArgument,
               "column 54: transaction.id: must be a string in double quotes, not a number"));
  EXPECT_THAT(EventFromJson(R"({"kind": "PAY"})", &event),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       "column 10: kind: must be one of EVENT_KIND_PAYMENT, EVENT_KIND_REFUND, "
                       "EVENT_KIND_REVERSAL, EVENT_KIND_LABEL, not this string"));
  EXPECT_THAT(EventFromJson(R"({"kind": 1, "sequence": -1})", &event),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       "column 25: sequence: must be a whole number from 0 to 4294967295, not this "
                       "number"));
}

TEST(EventJson, EveryRefusalIsOneLineWithAPlace) {
  std::mt19937_64 random(7);
  const std::string good = TransactionToJson(FullEvent().txn);
  constexpr std::string_view kBytes = "{}[]:,\"\\ \nu0159-.eEtnax";
  int refused = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string text = good.substr(0, random() % 4 == 0 ? random() % good.size() : good.size());
    for (uint64_t n = random() % 4; n > 0 && !text.empty(); --n) {
      const size_t at = random() % text.size();
      const char byte = kBytes[random() % kBytes.size()];
      random() % 2 == 0 ? text[at] = byte : *text.insert(text.begin() + at, byte);
    }
    const std::string refusal = Refusal(text);
    if (refusal.empty() || refusal.find("holds no value") != std::string::npos) continue;
    ++refused;
    ASSERT_TRUE(refusal.starts_with("line ")) << refusal << "\n" << text;
    ASSERT_EQ(refusal.find('\n'), std::string::npos) << refusal;
  }
  EXPECT_GT(refused, 10'000);
}

TEST(LogValue, GoesThereAndBackWithAndWithoutADecision) {
  std::string bytes;
  model::Event event;
  std::optional<model::Decision> decision;
  const model::Decision made = FullDecision();
  EncodeLogValue(-5, FullEvent(), &made, &bytes);
  EXPECT_EQ(*RecordTimeOf(bytes), -5);
  ASSERT_THAT(DecodeLogValue(bytes, &event, &decision), IsOk());
  EXPECT_EQ(event, FullEvent());
  ASSERT_TRUE(decision.has_value());
  EXPECT_EQ(*decision, made);
  event = {};
  ASSERT_THAT(DecodeLogValue(bytes, &event, nullptr), IsOk());
  EXPECT_EQ(event, FullEvent());

  EncodeLogValue(INT64_MAX, FullEvent(), nullptr, &bytes);
  ASSERT_THAT(DecodeLogValue(bytes, &event, &decision), IsOk());
  EXPECT_FALSE(decision.has_value()) << "of the record before";
  StampRecordTime(77, &bytes);
  EXPECT_EQ(*RecordTimeOf(bytes), 77);
  ASSERT_THAT(DecodeLogValue(bytes, &event, &decision), IsOk());
}

TEST(LogValue, CutShortOrOfAnotherVersionItIsDataLoss) {
  std::string bytes;
  const model::Decision made = FullDecision();
  EncodeLogValue(1, FullEvent(), &made, &bytes);
  model::Event event;
  std::optional<model::Decision> decision;
  for (const size_t size : {size_t{0}, size_t{1}, size_t{13}, size_t{14}, size_t{40}}) {
    EXPECT_THAT(DecodeLogValue(std::string_view(bytes).substr(0, size), &event, &decision),
                StatusIs(absl::StatusCode::kDataLoss))
        << size;
  }
  bytes[0] = 2;
  EXPECT_THAT(DecodeLogValue(bytes, &event, &decision),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("version")));
  EXPECT_THAT(RecordTimeOf(bytes).status(), StatusIs(absl::StatusCode::kDataLoss));
}

TEST(LogValue, ADecisionThatCannotBeReadIsNoneAndTheEventStays) {
  std::string bytes;
  model::Decision of_another_build = FullDecision();
  of_another_build.decided_by = static_cast<model::DecidedBy>(99);
  model::Event event;
  std::optional<model::Decision> decision = FullDecision();
  EncodeLogValue(1, FullEvent(), &of_another_build, &bytes);
  ASSERT_THAT(DecodeLogValue(bytes, &event, &decision), IsOk());
  EXPECT_FALSE(decision.has_value());
  EXPECT_EQ(event, FullEvent());
  decision = FullDecision();
  bytes.pop_back();
  ASSERT_THAT(DecodeLogValue(bytes, &event, &decision), IsOk());
  EXPECT_FALSE(decision.has_value()) << "cut short";
}

TEST(LogValue, AnyBytesAreReadOrRefusedNeverMore) {
  google::protobuf::SetLogHandler(nullptr);  // it would print each text that is no UTF-8
  std::mt19937_64 random(5);
  std::string good;
  const model::Decision made = FullDecision();
  EncodeLogValue(1, FullEvent(), &made, &good);
  model::Event event;
  std::optional<model::Decision> decision;
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes = good.substr(0, 1 + random() % good.size());
    for (uint64_t n = random() % 4; n > 0; --n)
      bytes[random() % bytes.size()] = static_cast<char>(random());
    DecodeLogValue(bytes, &event, &decision).IgnoreError();
  }
}

}  // namespace
}  // namespace verdict::wire

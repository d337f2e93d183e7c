// What events of each kind add.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <map>

#include "feature/compiled_set.h"

namespace verdict::feature {
namespace {

using model::EventKind;

const model::KeyHasher kHasher({1, 2});

class Contributing : public ::testing::Test {
 protected:
  Contributing() {
    compiled_ = Compile({{"volume", "merchant", "sum", "", "30d", "txn.status == 'approved'"},
                         {"payments", "merchant", "count", "", "30d", "txn.status == 'approved'"},
                         {"highest", "merchant", "max", "", "30d", "txn.status == 'approved'"},
                         {"all", "card", "count", "", "7d", ""},
                         {"items", "card", "sum", "txn.items", "7d", ""},
                         {"spread", "merchant", "variance", "", "30d"},
                         {"newest", "merchant", "last", "", "30d"},
                         {"seen", "merchant", "first_seen", "", "30d"},
                         {"lately", "merchant", "sum", "", "5m", "txn.status == 'approved'"},
                         {"hits", "card", "count", "", "1h"},
                         {"most_items", "card", "max", "txn.items", "24h"}},
                        {.zone_name = "Europe/Paris"},
                        {AttributeField("txn", "items", rule::FieldType::kInt)});
    EXPECT_NE(compiled_.set, nullptr) << compiled_.Errors();
    event_.txn.id = "t1";
    event_.txn.event_time_ms = *model::ParseTimeMs("2019-03-31T12:00:00Z");
    event_.txn.amount_minor = 500;
    event_.txn.currency = "EUR";
    event_.txn.merchant_id = "m1";
    event_.txn.card_id = "c1";
    event_.txn.status = "approved";
    event_.txn.attributes = {{"items", int64_t{3}}};
  }

  // Tiles by the feature whose measure they are of.
  std::map<std::string, Tile> Tiles() {
    compiled_.set->FillRecord(event_.txn, &record_);
    compiled_.set->EntityKeys(record_, kHasher, &keys_);
    compiled_.set->Contributions(event_, record_, keys_, arena_.get(), &contributions_);
    std::map<std::string, Tile> tiles;
    for (const Contribution& contribution : contributions_) {
      for (const Feature& feature : compiled_.set->features()) {
        if (!feature.slides() && feature.measure == contribution.measure)
          tiles[feature.name] = contribution.tile;
      }
    }
    return tiles;
  }

  // The same of the windows that slide.
  std::map<std::string, SlidingEntry> Entries() {
    compiled_.set->FillRecord(event_.txn, &record_);
    compiled_.set->EntityKeys(record_, kHasher, &keys_);
    std::vector<SlidingContribution> contributions;
    compiled_.set->SlidingContributions(event_, record_, keys_, arena_.get(), &contributions);
    std::map<std::string, SlidingEntry> entries;
    for (const SlidingContribution& contribution : contributions) {
      for (const Feature& feature : compiled_.set->features()) {
        if (!feature.slides() || feature.measure != contribution.measure) continue;
        EXPECT_EQ(contribution.key, *keys_[feature.entity]);
        entries[feature.name] = contribution.entry;
      }
    }
    return entries;
  }

  CompiledSet compiled_;
  model::Event event_;
  rule::Record record_;
  std::vector<std::optional<model::EntityKey>> keys_;
  rule::EvaluationArenaPtr arena_ = rule::MakeEvaluationArena();
  std::vector<Contribution> contributions_;
};

TEST_F(Contributing, VarianceLastAndSeenAreOfPaymentsAlone) {
  auto tiles = Tiles();
  Tile spread = Tile::OfSquares(250'000);
  spread.sum = 500;
  spread.count = 1;
  EXPECT_EQ(tiles["spread"], spread);
  EXPECT_TRUE(tiles["newest"].has_last());
  EXPECT_EQ(tiles["newest"].last_value(), 500);
  EXPECT_EQ(tiles["newest"].count, 1);
  EXPECT_EQ(tiles["newest"].sum, 0) << "what is no total adds nothing to control totals";
  EXPECT_EQ(tiles["seen"].min, event_.txn.event_time_ms);
  EXPECT_EQ(tiles["seen"].max, event_.txn.event_time_ms);
  for (const auto kind : {EventKind::kRefund, EventKind::kReversal, EventKind::kLabel}) {
    event_.kind = kind;
    tiles = Tiles();
    EXPECT_FALSE(tiles.contains("spread") || tiles.contains("newest") || tiles.contains("seen"));
  }
}

TEST_F(Contributing, VarianceLeavesOutWhatIsTooLargeToSquareAndMarksIt) {
  event_.txn.amount_minor = (int64_t{1} << 46) - 1;
  EXPECT_EQ(Tiles()["spread"].marks, 0);
  EXPECT_TRUE(Tiles()["spread"].squares() ==
              Int128{event_.txn.amount_minor} * event_.txn.amount_minor);
  event_.txn.amount_minor = int64_t{1} << 46;
  Tile left_out = Tile::OfSquares(0);
  left_out.marks = kMarkRange;
  EXPECT_EQ(Tiles()["spread"], left_out);
  event_.txn.currency = "USD";
  left_out.marks = kMarkFx;
  EXPECT_EQ(Tiles()["spread"], left_out);
  EXPECT_EQ(Tiles()["newest"].marks, kMarkFx);
  EXPECT_FALSE(Tiles()["newest"].has_last());
  EXPECT_EQ(Tiles()["seen"].marks, 0) << "a moment has no currency";
}

TEST_F(Contributing, TheNewestPaymentWinsWhateverTheOrder) {
  const Tile first = Tiles()["newest"];
  event_.txn.amount_minor = 9;
  event_.txn.event_time_ms += 1;
  const Tile later = Tiles()["newest"];
  event_.txn.id = "t2";
  event_.txn.amount_minor = 7;
  const Tile same_time = Tiles()["newest"];
  for (const auto& [a, b] : {std::pair(first, later), std::pair(later, first)}) {
    Tile tile = a;
    tile.Merge(b);
    EXPECT_EQ(tile.last_value(), 9);
    EXPECT_EQ(tile.count, 2);
  }
  Tile one = later, other = same_time;
  one.Merge(same_time);
  other.Merge(later);
  EXPECT_EQ(one, other) << "of one millisecond, one of them wins in either order";
}

TEST_F(Contributing, SlidingWindowsGetTheEventAtItsVeryMoment) {
  auto entries = Entries();
  ASSERT_EQ(entries.size(), 3u);
  for (const auto& [name, entry] : entries) {
    EXPECT_EQ(entry.time_ms(), event_.txn.event_time_ms) << name;
  }
  EXPECT_EQ(entries["lately"].tile(), (Tile{.sum = 500, .count = 1, .min = 500, .max = 500}));
  EXPECT_EQ(entries["hits"].tile(), (Tile{.sum = 0, .count = 1}));
  EXPECT_EQ(entries["most_items"].tile(), (Tile{.sum = 3, .count = 1, .min = 3, .max = 3}));
  event_.kind = EventKind::kReversal;
  entries = Entries();
  EXPECT_EQ(entries["lately"].tile(), (Tile{.sum = -500, .count = -1}));
  EXPECT_EQ(entries["hits"].tile(), (Tile{.sum = 0, .count = -1}));
  event_.kind = EventKind::kRefund;
  entries = Entries();
  EXPECT_EQ(entries["lately"].tile(), (Tile{.sum = -500, .count = 0}));
  EXPECT_FALSE(entries.contains("hits")) << "a refund is no payment less";
}

TEST_F(Contributing, SlidingWindowsHoldToWhereKeysAndKnownAmounts) {
  event_.txn.status = "declined";
  EXPECT_FALSE(Entries().contains("lately"));
  event_.txn.status = "approved";
  event_.txn.currency = "USD";
  EXPECT_EQ(Entries()["lately"].tile(), (Tile{.marks = kMarkFx}));
  event_.txn.attributes.clear();
  EXPECT_FALSE(Entries().contains("most_items"));
  event_.txn.card_id.clear();
  EXPECT_FALSE(Entries().contains("hits"));
  event_.kind = EventKind::kLabel;
  EXPECT_TRUE(Entries().empty());
}

TEST_F(Contributing, PaymentAddsItsAmountAndOneAndTakesPartInExtremes) {
  const auto tiles = Tiles();
  ASSERT_EQ(tiles.size(), 8u);
  EXPECT_EQ(tiles.at("volume"), (Tile{.sum = 500, .count = 1}));
  EXPECT_EQ(tiles.at("payments"), (Tile{.sum = 0, .count = 1}));
  EXPECT_EQ(tiles.at("highest"), (Tile{.sum = 500, .count = 1, .min = 500, .max = 500}));
  EXPECT_EQ(tiles.at("all"), (Tile{.sum = 0, .count = 1}));
  EXPECT_EQ(tiles.at("items"), (Tile{.sum = 3, .count = 1}));
}

TEST_F(Contributing, RefundTakesItsAmountAwayAndNoCount) {
  event_.kind = EventKind::kRefund;
  const auto tiles = Tiles();
  EXPECT_EQ(tiles.at("volume"), (Tile{.sum = -500, .count = 0}));
  EXPECT_EQ(tiles.at("highest"), (Tile{.sum = -500, .count = 0}));
  EXPECT_EQ(tiles.count("payments"), 0u);
  EXPECT_EQ(tiles.count("all"), 0u);
}

TEST_F(Contributing, ReversalTakesAmountAndCountAway) {
  event_.kind = EventKind::kReversal;
  const auto tiles = Tiles();
  EXPECT_EQ(tiles.at("volume"), (Tile{.sum = -500, .count = -1}));
  EXPECT_EQ(tiles.at("payments"), (Tile{.sum = 0, .count = -1}));
  EXPECT_FALSE(tiles.at("highest").has_extremes());
}

TEST_F(Contributing, LabelAddsNothing) {
  event_.kind = EventKind::kLabel;
  EXPECT_TRUE(Tiles().empty());
}

TEST_F(Contributing, WhereCountsInWhatIsTrueAlone) {
  event_.txn.status = "declined";
  auto tiles = Tiles();
  EXPECT_EQ(tiles.count("volume"), 0u);
  EXPECT_EQ(tiles.count("all"), 1u);
  event_.txn.status.clear();  // missing is not true
  EXPECT_EQ(Tiles().count("volume"), 0u);
}

TEST_F(Contributing, AbsentEntityCountsNowhere) {
  event_.txn.card_id.clear();
  const auto tiles = Tiles();
  EXPECT_EQ(tiles.count("all"), 0u);
  EXPECT_EQ(tiles.count("volume"), 1u);
}

TEST_F(Contributing, AmountOfAnotherCurrencyMarksItsTileAndAddsNothing) {
  event_.txn.currency = "USD";
  for (const EventKind kind : {EventKind::kPayment, EventKind::kRefund, EventKind::kReversal}) {
    event_.kind = kind;
    const auto tiles = Tiles();
    Tile marked;
    marked.marks = kMarkFx;
    EXPECT_EQ(tiles.at("volume"), marked);
    EXPECT_EQ(tiles.at("highest"), marked);
  }
  event_.kind = EventKind::kPayment;
  EXPECT_EQ(Tiles().at("payments").count, 1) << "a count needs no amount";
  event_.txn.amount_base_minor = 470;
  EXPECT_EQ(Tiles().at("volume"), (Tile{.sum = 470, .count = 1}));
}

TEST_F(Contributing, AbsentAttributeAddsNothingAndMarksNothing) {
  event_.txn.attributes.clear();
  EXPECT_EQ(Tiles().count("items"), 0u);
}

TEST_F(Contributing, ExtremeAmountsKeepTheirSign) {
  event_.kind = EventKind::kRefund;
  event_.txn.attributes = {{"items", std::numeric_limits<int64_t>::min()}};
  EXPECT_EQ(Tiles().at("items").sum, -Int128{std::numeric_limits<int64_t>::min()});
}

TEST_F(Contributing, KeysAndDayAreThoseOfTheEvent) {
  event_.txn.event_time_ms = *model::ParseTimeMs("2019-03-31T22:30:00Z");  // 00:30 in Paris
  Tiles();
  ASSERT_EQ(keys_.size(), 4u);
  EXPECT_EQ(keys_[0], kHasher.Entity("merchant", "m1"));
  EXPECT_EQ(keys_[1], kHasher.Entity("card", "c1"));
  EXPECT_EQ(keys_[2], std::nullopt);
  for (const Contribution& contribution : contributions_) {
    EXPECT_EQ(model::FormatDay(contribution.day), "2019-04-01");
    const uint16_t entity = compiled_.set->measures()[contribution.measure].entity;
    EXPECT_EQ(contribution.key, keys_[entity]);
  }
}

TEST_F(Contributing, ComesInTheOrderOfTheMeasures) {
  Tiles();
  for (size_t i = 1; i < contributions_.size(); ++i) {
    EXPECT_LT(contributions_[i - 1].measure, contributions_[i].measure);
  }
}

TEST(Contributions, OfAPinnedCurrencyAddMinorUnitsOfThatCurrencyAlone) {
  const CompiledSet compiled =
      Compile({{"usd", "merchant", "sum", "txn.amount_minor", "30d", "txn.currency == 'USD'"}});
  ASSERT_NE(compiled.set, nullptr) << compiled.Errors();
  const auto contributed = [&](const char* currency) {
    model::Event event;
    event.txn.merchant_id = "m1";
    event.txn.currency = currency;
    event.txn.amount_minor = 500;
    rule::Record record;
    std::vector<std::optional<model::EntityKey>> keys;
    std::vector<Contribution> out;
    compiled.set->FillRecord(event.txn, &record);
    compiled.set->EntityKeys(record, kHasher, &keys);
    compiled.set->Contributions(event, record, keys, rule::MakeEvaluationArena().get(), &out);
    return out;
  };
  ASSERT_EQ(contributed("USD").size(), 1u);
  EXPECT_EQ(contributed("USD")[0].tile, (Tile{.sum = 500, .count = 1}));
  EXPECT_TRUE(contributed("EUR").empty());
}

}  // namespace
}  // namespace verdict::feature

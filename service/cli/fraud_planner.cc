#include "cli/fraud_planner.h"

#include <algorithm>

namespace verdict::cli {
namespace {

constexpr size_t kRecentCards = 512;     // remembered for each compromised merchant
constexpr size_t kLeakedCards = 100000;  // for sale at most

// Shares of the kinds among frauds, by FraudKind.
constexpr double kKindShare[kFraudKinds] = {0, 0.27, 0.23, 0.30, 0.20};

}  // namespace

std::string_view FraudKindName(FraudKind kind) {
  switch (kind) {
    case FraudKind::kNone:
      return "";
    case FraudKind::kHabit:
      return "amount_out_of_habit";
    case FraudKind::kMerchant:
      return "compromised_merchant";
    case FraudKind::kLeaked:
      return "leaked_card";
    case FraudKind::kTesting:
      return "card_testing";
  }
  return "";
}

FraudPlanner::FraudPlanner(const Population* population, uint64_t seed)
    : population_(population),
      random_(seed ^ 0x6672617564),
      compromises_(1 + population->merchants().size() / 1500),
      compromise_of_(population->merchants().size(), -1) {}

void FraudPlanner::PlanDay(int day, int64_t start_ms, uint64_t payments,
                           std::vector<Payment>* out) {
  RenewCompromises(day);
  const Today today{day, start_ms, out};
  using Plan = int (FraudPlanner::*)(const Today&);
  constexpr Plan kPlans[kFraudKinds] = {nullptr, &FraudPlanner::PlanHabit,
                                        &FraudPlanner::PlanMerchant, &FraudPlanner::PlanLeaked,
                                        &FraudPlanner::PlanTesting};
  for (int kind = 1; kind < kFraudKinds; ++kind) {
    owed_[kind] += static_cast<double>(payments) * kFraudShare * kKindShare[kind];
    while (owed_[kind] >= 1) owed_[kind] -= (this->*kPlans[kind])(today);
  }
}

void FraudPlanner::RenewCompromises(int day) {
  for (size_t i = 0; i < compromises_.size(); ++i) {
    Compromise& c = compromises_[i];
    if (day <= c.last_day) continue;
    if (c.last_day >= 0) compromise_of_[c.merchant] = -1;
    c = Compromise{};
    c.merchant = population_->DrawMerchant(&random_);
    // The first ones end at different times, so that later days have old and new ones.
    c.last_day = day + static_cast<int>(random_.Between(day == 0 ? 1 : 4, 10));
    compromise_of_[c.merchant] = static_cast<int32_t>(i);
  }
}

void FraudPlanner::Observe(const Payment& payment) {
  const int32_t index = compromise_of_[payment.merchant];
  if (index < 0) return;
  Compromise& c = compromises_[static_cast<size_t>(index)];
  if (c.recent_cards.size() < kRecentCards) {
    c.recent_cards.push_back(payment.card);
  } else {
    c.recent_cards[c.next++ % kRecentCards] = payment.card;
  }
  if (leaked_.size() < kLeakedCards) leaked_.push_back(payment.card);
}

Payment FraudPlanner::Draft(const Today& today, FraudKind kind, uint32_t card,
                            uint32_t merchant) const {
  Payment p;
  p.time_ms = today.start_ms;
  p.fraud = kind;
  p.card = card;
  p.merchant = merchant;
  p.payer_country = population_->cards()[card].country;
  return p;
}

void FraudPlanner::Price(const Today& today, double eur, Payment* payment) const {
  const uint8_t country = population_->merchants()[payment->merchant].country;
  payment->amount_minor = std::max<int64_t>(1, ToMinor(eur, country, today.day));
  payment->amount_base_minor = ToEurCents(payment->amount_minor, country, today.day);
}

uint32_t FraudPlanner::Address(uint8_t country) {
  return (static_cast<uint32_t>(Countries()[country].ip_octet) << 24) |
         static_cast<uint32_t>(random_.Below(1 << 24));
}

uint8_t FraudPlanner::CountryAbroad(uint8_t home) {
  const uint8_t far = static_cast<uint8_t>(Countries().size()) - 5;  // the last five are far away
  for (int tries = 0; tries < 8; ++tries) {
    const uint8_t country = random_.Chance(0.6) ? static_cast<uint8_t>(far + random_.Below(5))
                                                : population_->DrawCountry(&random_);
    if (country != home) return country;
  }
  return home == far ? far + 1 : far;
}

int FraudPlanner::PlanHabit(const Today& today) {
  const uint32_t card = population_->DrawCard(&random_);
  const Card& owner = population_->cards()[card];
  const uint32_t merchant = random_.Chance(0.5)
                                ? owner.favourites[random_.Below(kFavourites)]
                                : population_->DrawMerchantIn(owner.country, &random_);
  Payment p = Draft(today, FraudKind::kHabit, card, merchant);
  p.time_ms += static_cast<int64_t>(random_.Below(kDayMs));
  const Merchant& shop = population_->merchants()[merchant];
  Price(today, shop.median_eur * owner.thrift * (5 + 13 * random_.Unit()), &p);
  if (shop.ecom) {
    p.device = random_.Chance(0.5) ? NewDevice() : uint64_t{card} * 2 + 1;
    p.ip = Address(random_.Chance(0.4) ? CountryAbroad(owner.country) : owner.country);
  }
  p.declined = random_.Chance(0.15);
  today.out->push_back(p);
  return 1;
}

int FraudPlanner::PlanMerchant(const Today& today) {
  const Compromise& c = compromises_[random_.Below(compromises_.size())];
  const uint32_t card = c.recent_cards.empty()
                            ? population_->DrawCard(&random_)
                            : c.recent_cards[random_.Below(c.recent_cards.size())];
  Payment p = Draft(today, FraudKind::kMerchant, card, c.merchant);
  const Merchant& shop = population_->merchants()[c.merchant];
  const int open_hours = std::max(1, shop.closes - shop.opens);
  p.time_ms += int64_t{shop.opens} * 3600000 +
               static_cast<int64_t>(random_.Below(static_cast<uint64_t>(open_hours) * 3600000));
  Price(today, shop.median_eur * (3.5 + 5.5 * random_.Unit()), &p);
  if (shop.ecom) {
    p.device = uint64_t{card} * 2 + 1;
    p.ip = Address(p.payer_country);
  }
  p.declined = random_.Chance(0.1);
  today.out->push_back(p);
  return 1;
}

int FraudPlanner::PlanLeaked(const Today& today) {
  const bool bought = !leaked_.empty() && random_.Chance(0.6);
  const uint32_t card =
      bought ? leaked_[random_.Below(leaked_.size())] : population_->DrawCard(&random_);
  const uint8_t abroad = CountryAbroad(population_->cards()[card].country);
  const uint64_t device = NewDevice();
  const uint32_t ip = Address(abroad);
  const int64_t burst = random_.Between(4, 12);
  int64_t time_in_day = static_cast<int64_t>(random_.Below(kDayMs));
  int planned = 0;
  for (; planned < burst && time_in_day < kDayMs; ++planned) {
    const uint32_t merchant = random_.Chance(0.75) ? population_->DrawMerchantIn(abroad, &random_)
                                                   : population_->DrawWebShop(&random_);
    Payment p = Draft(today, FraudKind::kLeaked, card, merchant);
    p.time_ms += time_in_day;
    p.payer_country = abroad;
    Price(today, 110 * random_.LogNormal(0.8), &p);
    if (population_->merchants()[merchant].ecom) {
      p.device = device;
      p.ip = ip;
    }
    p.declined = random_.Chance(0.2);
    today.out->push_back(p);
    time_in_day += random_.Between(30'000, 20 * 60'000);
  }
  return planned;
}

int FraudPlanner::PlanTesting(const Today& today) {
  const uint32_t merchant = population_->DrawWebShop(&random_);
  const uint8_t where = population_->DrawCountry(&random_);
  const uint64_t device = NewDevice();
  const uint32_t ip = Address(where);
  const int64_t burst = random_.Between(15, 50);
  const int64_t length_ms = random_.Between(2, 10) * 60'000;
  const auto begin = static_cast<int64_t>(random_.Below(static_cast<uint64_t>(kDayMs - length_ms)));
  for (int64_t i = 0; i < burst; ++i) {
    Payment p = Draft(today, FraudKind::kTesting, population_->DrawCard(&random_), merchant);
    p.time_ms += begin + static_cast<int64_t>(random_.Below(static_cast<uint64_t>(length_ms)));
    p.payer_country = where;
    Price(today, 0.5 + 2.5 * random_.Unit(), &p);
    p.device = device;
    p.ip = ip;
    p.declined = random_.Chance(0.5);
    today.out->push_back(p);
  }
  return static_cast<int>(burst);
}

}  // namespace verdict::cli

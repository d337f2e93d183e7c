#include "cli/payment_generator.h"

#include <algorithm>

namespace verdict::cli {
namespace {

constexpr uint32_t kHonest = 0xffffffff;
constexpr int kHourMs = 60 * 60 * 1000;

// How much is paid in each hour of a day, UTC.
const std::vector<double>& HourWeights() {
  static const std::vector<double> weights = {0.6, 0.4, 0.3, 0.3, 0.4, 0.8, 1.8, 3.2,
                                              4.6, 5.2, 5.8, 6.6, 7.4, 6.6, 5.8, 5.8,
                                              6.4, 7.6, 7.8, 6.4, 4.8, 3.4, 2.2, 1.2};
  return weights;
}

// 1970-01-01 was a Thursday.
bool IsSunday(int64_t start_ms) { return (start_ms / kDayMs + 4) % 7 == 0; }

}  // namespace

PaymentGenerator::PaymentGenerator(const Population* population, uint64_t seed)
    : population_(population), random_(seed), frauds_(population, seed), hours_(HourWeights()) {}

void PaymentGenerator::MakeDay(int day, int64_t start_ms, uint64_t payments,
                               std::vector<Payment>* out) {
  planned_.clear();
  frauds_.PlanDay(day, start_ms, payments, &planned_);
  order_.clear();
  for (uint32_t i = 0; i < planned_.size() && i < payments; ++i) {
    order_.push_back(static_cast<uint64_t>(planned_[i].time_ms - start_ms) << 32 | i);
  }
  while (order_.size() < payments) {
    const uint64_t time = uint64_t{hours_.Draw(&random_)} * kHourMs + random_.Below(kHourMs);
    order_.push_back(time << 32 | kHonest);
  }
  std::sort(order_.begin(), order_.end());
  out->clear();
  const bool sunday = IsSunday(start_ms);
  for (const uint64_t entry : order_) {
    const auto time_of_day = static_cast<int64_t>(entry >> 32);
    const auto index = static_cast<uint32_t>(entry);
    Payment p;
    if (index == kHonest) {
      p = MakeHonest({day, static_cast<int>(time_of_day / kHourMs), sunday});
      p.time_ms = start_ms + time_of_day;
      frauds_.Observe(p);
    } else {
      p = planned_[index];
    }
    p.number = ++last_number_;
    out->push_back(p);
  }
}

uint32_t PaymentGenerator::ChooseCard(int hour) {
  const bool night = hour < 6;
  uint32_t card = population_->DrawCard(&random_);
  for (int tries = 0; tries < 3; ++tries) {
    if (population_->cards()[card].night_owl == night || random_.Chance(0.3)) break;
    card = population_->DrawCard(&random_);
  }
  return card;
}

uint32_t PaymentGenerator::ChooseMerchant(const Card& card, const Moment& moment, bool abroad) {
  for (int tries = 0; tries < 4; ++tries) {
    const double choice = random_.Unit();
    uint32_t merchant;
    if (abroad) {
      merchant = population_->DrawMerchantIn(card.trip_country, &random_);
    } else if (choice < 0.72) {
      merchant = card.favourites[random_.Below(1 + random_.Below(kFavourites))];  // the first most
    } else if (choice < 0.94) {
      merchant = population_->DrawMerchantIn(card.country, &random_);
    } else {
      break;
    }
    if (population_->merchants()[merchant].IsOpen(moment.hour, moment.sunday)) return merchant;
  }
  return population_->DrawWebShop(&random_);
}

double PaymentGenerator::ChoosePrice(const Card& card, const Merchant& shop) {
  const Trade& trade = Trades()[shop.trade];
  double eur = shop.median_eur * card.thrift * random_.LogNormal(trade.sigma);
  if (trade.big_tickets && random_.Chance(0.05))
    eur *= 3 + 5 * random_.Unit();  // a rare big purchase
  return eur;
}

Payment PaymentGenerator::MakeHonest(const Moment& moment) {
  Payment p;
  p.card = ChooseCard(moment.hour);
  const Card& card = population_->cards()[p.card];
  const bool abroad = card.Travels(moment.day) && random_.Chance(0.75);
  p.merchant = ChooseMerchant(card, moment, abroad);
  const Merchant& shop = population_->merchants()[p.merchant];
  p.amount_minor = std::max<int64_t>(1, ToMinor(ChoosePrice(card, shop), shop.country, moment.day));
  if (p.amount_minor > 500 && random_.Chance(0.25))
    p.amount_minor -= p.amount_minor % 100 + 1;  // x.99
  p.amount_base_minor = ToEurCents(p.amount_minor, shop.country, moment.day);
  p.payer_country = abroad ? card.trip_country : shop.ecom ? card.country : shop.country;
  if (shop.ecom) {
    const bool new_phone = random_.Chance(0.004);
    p.device = new_phone ? ++last_device_ : uint64_t{p.card} * 2 + 1 + random_.Below(card.devices);
    uint64_t home = p.card;  // one address for a card at home, any of the country's on a trip
    const uint64_t host = abroad ? random_.Next() : SplitMix64(&home);
    p.ip = (static_cast<uint32_t>(Countries()[p.payer_country].ip_octet) << 24) |
           static_cast<uint32_t>(host & 0xffffff);
  }
  p.declined = random_.Chance(0.03);
  return p;
}

}  // namespace verdict::cli

#include "cli/population.h"

#include <algorithm>

namespace verdict::cli {
namespace {

constexpr Country kCountries[] = {
    {"DE", "EUR", 2, 1.0, 22, 46},    {"FR", "EUR", 2, 1.0, 16, 62},
    {"ES", "EUR", 2, 1.0, 11, 83},    {"IT", "EUR", 2, 1.0, 12, 79},
    {"NL", "EUR", 2, 1.0, 8, 145},    {"AT", "EUR", 2, 1.0, 3, 194},
    {"GB", "GBP", 2, 0.86, 9, 81},    {"PL", "PLN", 2, 4.3, 6, 89},
    {"SE", "SEK", 2, 11.3, 4, 90},    {"CH", "CHF", 2, 0.95, 3, 188},
    {"US", "USD", 2, 1.08, 3, 66},    {"JP", "JPY", 0, 162.0, 0.8, 126},
    {"RO", "RON", 2, 4.97, 0.8, 86},  {"BR", "BRL", 2, 5.9, 0.7, 177},
    {"TH", "THB", 2, 38.5, 0.7, 171},
};

constexpr Trade kTrades[] = {
    {"5411", 20, 28, 0.7, 0.05, 7, 21, false},   // groceries
    {"5812", 13, 26, 0.6, 0.10, 11, 24, false},  // restaurants
    {"5814", 10, 9, 0.5, 0.20, 10, 23, false},   // fast food
    {"5541", 8, 48, 0.4, 0.00, 6, 23, false},    // fuel
    {"5912", 6, 17, 0.6, 0.15, 8, 20, false},    // pharmacies
    {"5651", 9, 55, 0.7, 0.50, 9, 20, false},    // clothes
    {"5732", 5, 180, 0.9, 0.60, 9, 20, true},    // electronics
    {"5712", 3, 240, 0.9, 0.50, 9, 19, true},    // furniture
    {"4722", 4, 300, 0.8, 0.90, 9, 18, true},    // travel agencies
    {"5816", 7, 12, 0.8, 1.00, 0, 24, false},    // digital goods
    {"5999", 8, 35, 0.8, 0.60, 9, 20, false},    // other shops
    {"7011", 3, 150, 0.7, 0.60, 0, 24, true},    // hotels
    {"4121", 4, 18, 0.5, 0.70, 0, 24, false},    // taxis
};

template <typename Rows>
AliasTable DrawByWeight(const Rows& rows) {
  std::vector<double> weights;
  for (const auto& row : rows) weights.push_back(row.weight);
  return AliasTable(weights);
}

// Thousandths of the country's rate on `day`: a walk that returns, within 1 %.
double RateOnDay(uint8_t country, int day) {
  if (kCountries[country].currency == "EUR") return 1;
  uint64_t state = static_cast<uint64_t>(country) * 1000003 + static_cast<uint64_t>(day);
  const auto thousandths = static_cast<int64_t>(SplitMix64(&state) % 21) - 10;
  return kCountries[country].rate * (1 + static_cast<double>(thousandths) / 1000);
}

double PowerOfTen(int exponent) { return exponent == 0 ? 1 : exponent == 2 ? 100 : 1000; }

int64_t Rounded(double value) { return static_cast<int64_t>(value + 0.5); }

}  // namespace

std::span<const Country> Countries() { return kCountries; }
std::span<const Trade> Trades() { return kTrades; }

int64_t ToMinor(double eur, uint8_t country, int day) {
  return Rounded(eur * RateOnDay(country, day) * PowerOfTen(kCountries[country].exponent));
}

int64_t ToEurCents(int64_t minor, uint8_t country, int day) {
  return Rounded(static_cast<double>(minor) * 100 /
                 (RateOnDay(country, day) * PowerOfTen(kCountries[country].exponent)));
}

Population::Population(const PopulationOptions& options)
    : country_draw_(DrawByWeight(Countries())) {
  Random merchant_random(options.seed ^
                         0x6d65726368616e74);  // apart, so that neither count moves the other
  Random card_random(options.seed ^ 0x63617264);
  MakeMerchants(options.merchants, &merchant_random);
  MakeCards(options, &card_random);
}

void Population::MakeMerchants(uint32_t count, Random* random) {
  const AliasTable trades = DrawByWeight(Trades());
  const std::vector<double> popularity = ZipfWeights(count, 0.9);
  std::vector<std::vector<double>> weights(Countries().size());
  std::vector<double> shop_weights;
  by_country_.resize(Countries().size());
  for (uint32_t i = 0; i < count; ++i) {
    Merchant m;
    m.trade = static_cast<uint16_t>(trades.Draw(random));
    m.country = DrawCountry(random);
    const Trade& trade = kTrades[m.trade];
    m.ecom = random->Chance(trade.ecom_share);
    m.opens = static_cast<uint8_t>(std::max<int64_t>(0, trade.opens + random->Between(-1, 1)));
    m.closes = static_cast<uint8_t>(std::min<int64_t>(24, trade.closes + random->Between(-1, 1)));
    m.closed_sunday = trade.opens > 0 && random->Chance(0.3);
    m.median_eur = static_cast<float>(trade.median_eur * random->LogNormal(0.4));
    by_country_[m.country].members.push_back(i);
    weights[m.country].push_back(popularity[i]);
    if (m.ecom) {
      web_shops_.members.push_back(i);
      shop_weights.push_back(popularity[i]);
    }
    merchants_.push_back(m);
  }
  merchant_draw_ = AliasTable(popularity);
  for (size_t c = 0; c < by_country_.size(); ++c) {
    if (!weights[c].empty()) by_country_[c].draw = AliasTable(weights[c]);
  }
  if (!shop_weights.empty()) web_shops_.draw = AliasTable(shop_weights);
}

void Population::MakeCards(const PopulationOptions& options, Random* random) {
  std::vector<double> activity;
  activity.reserve(options.cards);
  cards_.reserve(options.cards);
  for (uint32_t i = 0; i < options.cards; ++i) {
    cards_.push_back(MakeCard(i, options.days, random));
    activity.push_back(random->LogNormal(0.8));
  }
  card_draw_ = AliasTable(activity);
}

Card Population::MakeCard(uint32_t index, int days, Random* random) const {
  Card card;
  card.customer = index % 5 == 4 ? index - 1 : index;  // one customer in four has two cards
  card.country = DrawCountry(random);
  card.thrift = static_cast<float>(random->LogNormal(0.35));
  card.devices = random->Chance(0.3) ? 2 : 1;
  card.night_owl = random->Chance(0.1);
  for (uint32_t& favourite : card.favourites) {
    favourite = random->Chance(0.92) ? DrawMerchantIn(card.country, random) : DrawWebShop(random);
  }
  if (random->Chance(0.06)) {
    card.trip_country = DrawCountry(random);
    card.trip_first_day = static_cast<int16_t>(random->Between(0, days - 1));
    card.trip_last_day = static_cast<int16_t>(card.trip_first_day + random->Between(1, 9));
  }
  return card;
}

uint32_t Population::DrawMerchantIn(uint8_t country, Random* random) const {
  const Group& group = by_country_[country];
  return group.members.empty() ? DrawMerchant(random) : group.members[group.draw.Draw(random)];
}

uint32_t Population::DrawWebShop(Random* random) const {
  return web_shops_.members.empty() ? DrawMerchant(random)
                                    : web_shops_.members[web_shops_.draw.Draw(random)];
}

}  // namespace verdict::cli

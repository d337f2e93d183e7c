#include "e2e/seam/world.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <utility>

namespace verdict::seam {
namespace {

constexpr int64_t kSecondMs = 1000;
constexpr int64_t kMinuteMs = 60 * kSecondMs;
constexpr int64_t kHourMs = 60 * kMinuteMs;
constexpr int64_t kDayMs = 24 * kHourMs;

constexpr int kMerchants = 200;
constexpr int kCards = 2000;
constexpr int kCustomers = 1500;
constexpr int kIdleKeys = 60;    // paid once or twice long ago, and scored once
constexpr int kForeignKeys = 5;  // where amounts are not known in the base currency
constexpr double kSkew = 1.1;
constexpr int64_t kLatestYear = 4'070'908'800'000;  // 2099: in the real future

// Draws 0 .. n-1, the first ones most often.
class Zipf {
 public:
  Zipf(int n, double skew) {
    double sum = 0;
    for (int i = 1; i <= n; ++i) cumulated_.push_back(sum += std::pow(i, -skew));
  }
  int Draw(double unit) const {
    const auto place =
        std::lower_bound(cumulated_.begin(), cumulated_.end(), unit * cumulated_.back());
    return static_cast<int>(std::min(place, std::prev(cumulated_.end())) - cumulated_.begin());
  }

 private:
  std::vector<double> cumulated_;
};

class Maker {
 public:
  explicit Maker(const WorldOptions& options) : options_(options), random_(options.seed) {}

  World Make() {
    MakeHistory();
    MakePayments();
    MakeLateEvents();
    MakeUnreadable();
    std::sort(world_.extras.begin(), world_.extras.end(),
              [](const Extra& a, const Extra& b) { return a.due_ms < b.due_ms; });
    return std::move(world_);
  }

 private:
  double Unit() { return static_cast<double>(random_() >> 11) * 0x1.0p-53; }
  bool Chance(double share) { return Unit() < share; }
  int64_t Below(int64_t n) { return static_cast<int64_t>(random_() % static_cast<uint64_t>(n)); }

  Fact NewFact(const std::string& id, int64_t time_ms) {
    Fact fact{.id = id, .time_ms = time_ms};
    fact.merchant = "m" + std::to_string(merchants_.Draw(Unit()));
    const int card = cards_.Draw(Unit());
    fact.card = "c" + std::to_string(card);
    if (!Chance(0.3)) fact.customer = "u" + std::to_string(card % kCustomers);
    fact.base_amount = 1 + Below(Chance(0.02) ? 50'000'000 : 30'000);
    if (Chance(0.001)) fact.base_amount = 1'000'000'000'000'000 - Below(1000);
    fact.foreign = Chance(0.05);
    return fact;
  }

  // Now and then one of the few entities whose amounts may be unknown.
  bool MayBeForeign(Fact* fact) {
    if (!Chance(0.01)) return false;
    fact->merchant = "fx" + std::to_string(Below(kForeignKeys));
    fact->card = "fxc" + std::to_string(Below(kForeignKeys));
    fact->customer.clear();
    if (Chance(0.5)) fact->base_amount.reset();
    return true;
  }

  void MakeHistory() {
    const int64_t length_ms = options_.history_days * kDayMs;
    const int64_t step_ms = length_ms / static_cast<int64_t>(options_.history_events);
    int64_t time_ms = options_.start_ms - length_ms;
    for (uint64_t i = 0; i < options_.history_events; ++i, time_ms += step_ms) {
      Fact fact = NewFact("h" + std::to_string(i), time_ms);
      MayBeForeign(&fact);
      fact.status = Chance(0.8) ? "approved" : "declined";
      if (Chance(0.05)) fact.time_ms -= Below(2 * kHourMs);
      if (Chance(0.004)) fact.kind = Kind::kRefund;
      world_.history.push_back(std::move(fact));
    }
    for (int i = 0; i < kIdleKeys; ++i) AddIdleKey(i);
    std::stable_sort(world_.history.begin(), world_.history.end(),
                     [](const Fact& a, const Fact& b) { return a.time_ms < b.time_ms; });
    Disorder();
  }

  // Its only payments lie where the window of 30 days ends, or a little to either side.
  void AddIdleKey(int number) {
    for (int i = 0; i < 2; ++i) {
      Fact fact = NewFact("i" + std::to_string(number) + "-" + std::to_string(i),
                          options_.start_ms - 27 * kDayMs - Below(4 * kDayMs));
      fact.merchant = "idle" + std::to_string(number);
      fact.card = "idlec" + std::to_string(number);
      fact.customer.clear();
      fact.status = "approved";
      world_.history.push_back(std::move(fact));
    }
  }

  // One in fifty comes up to ten places late.
  void Disorder() {
    std::vector<Fact>& history = world_.history;
    for (size_t i = 0; i + 12 < history.size(); ++i) {
      if (!Chance(0.02)) continue;
      std::rotate(history.begin() + static_cast<ptrdiff_t>(i),
                  history.begin() + static_cast<ptrdiff_t>(i) + 1,
                  history.begin() + static_cast<ptrdiff_t>(i) + 1 + 1 + Below(10));
    }
  }

  void MakePayments() {
    const int64_t step_ms = options_.span_ms / static_cast<int64_t>(options_.payments);
    const uint64_t idle_every = std::max<uint64_t>(1, options_.payments / kIdleKeys);
    for (uint64_t i = 0; i < options_.payments; ++i) {
      const int64_t time_ms = options_.start_ms + static_cast<int64_t>(i) * step_ms;
      PlannedPayment payment;
      const bool twin = twins_ > 0;
      payment.fact = NewFact("p" + std::to_string(i), time_ms);
      if (twin) {
        TakeTwin(&payment);
      } else if (i % idle_every == idle_every / 2) {
        payment.fact.merchant = "idle" + std::to_string(i / idle_every % kIdleKeys);
        payment.fact.card = "idlec" + std::to_string(i / idle_every % kIdleKeys);
        payment.fact.customer.clear();
      } else {
        payment.tainted = MayBeForeign(&payment.fact);
      }
      payment.sampled = Chance(options_.sampled) || payment.fact.merchant[0] == 'i';
      payment.event = PlanEvent();
      if (!twin && Chance(0.01)) BeginTwins(payment);
      world_.payments.push_back(std::move(payment));
    }
  }

  // The next few payments are of the same card at the same merchant at the same moment.
  void BeginTwins(const PlannedPayment& first) {
    twin_of_ = first;
    twins_ = 1 + static_cast<int>(Below(3));
  }
  void TakeTwin(PlannedPayment* payment) {
    --twins_;
    payment->tainted = twin_of_.tainted;
    payment->fact.merchant = twin_of_.fact.merchant;
    payment->fact.card = twin_of_.fact.card;
    payment->fact.customer = twin_of_.fact.customer;
    payment->fact.time_ms = twin_of_.fact.time_ms;
  }

  EventPlan PlanEvent() {
    EventPlan plan;
    const double when = Unit();
    plan.delay_ms = Below(20 * kSecondMs);
    if (when < 0.01) {
      plan.when = EventPlan::When::kNever;
    } else if (when < 0.03) {
      plan.when = EventPlan::When::kBefore;
    } else if (when < 0.08) {
      plan.delay_ms = Below(10 * kMinuteMs);
    } else if (when < 0.10) {
      plan.delay_ms = 10 * kMinuteMs + Below(90 * kMinuteMs);
    }
    plan.json = Chance(0.1);
    if (Chance(0.02)) plan.amount_change = 1 + Below(500);
    plan.declined_by_issuer = Chance(0.1);
    PlanRepeats(&plan);
    PlanFollowUps(&plan);
    return plan;
  }

  // Of a producer that tries again: at once, after minutes or an hour (so also across a cut), or
  // about where the window of duplicates ends.
  void PlanRepeats(EventPlan* plan) {
    if (Chance(0.015)) plan->repeats_ms.push_back(Below(2 * kSecondMs));
    if (Chance(0.01)) plan->repeats_ms.push_back(Below(kHourMs));
    if (Chance(0.01)) plan->repeats_ms.push_back(115 * kMinuteMs + Below(25 * kMinuteMs));
  }

  void PlanFollowUps(EventPlan* plan) {
    if (Chance(0.03)) {
      plan->follow_ups.push_back({.kind = Kind::kRefund,
                                  .sequence = 0,
                                  .delay_ms = kMinuteMs + Below(30 * kHourMs),
                                  .percent_of_amount = 1 + static_cast<int>(Below(100))});
      if (Chance(0.2)) {
        plan->follow_ups.push_back(plan->follow_ups.back());
        plan->follow_ups.back().sequence = 1;
      }
    }
    if (Chance(0.02)) {
      plan->follow_ups.push_back(
          {.kind = Kind::kReversal, .delay_ms = kMinuteMs + Below(6 * kHourMs)});
    }
    if (Chance(0.03)) {
      plan->follow_ups.push_back({.kind = Kind::kLabel, .delay_ms = kHourMs + Below(20 * kHourMs)});
    }
  }

  int64_t SomeMoment() { return options_.start_ms + Below(options_.span_ms); }

  // 0 to 8 days and a half late: beyond the seventh day they are quarantined.
  void MakeLateEvents() {
    const auto count = static_cast<int64_t>(options_.payments / 60);
    for (int64_t i = 0; i < count; ++i) {
      Extra extra{.due_ms = SomeMoment()};
      extra.fact = NewFact("l" + std::to_string(i), extra.due_ms - Below(8 * kDayMs + kDayMs / 2));
      extra.fact.status = Chance(0.8) ? "approved" : "declined";
      extra.json = Chance(0.1);
      world_.extras.push_back(std::move(extra));
    }
  }

  void MakeUnreadable() {
    const auto count = static_cast<int64_t>(options_.payments / 300);
    for (int64_t i = 0; i < count; ++i) {
      Extra extra{.due_ms = SomeMoment()};
      extra.key = "m" + std::to_string(merchants_.Draw(Unit()));
      extra.what = static_cast<Extra::What>(1 + i % 5);
      const bool ahead = extra.what == Extra::What::kAhead;
      extra.fact = NewFact("f" + std::to_string(i), ahead ? extra.due_ms + kHourMs + Below(kDayMs)
                                                          : kLatestYear + Below(kDayMs));
      extra.fact.merchant = extra.key;
      extra.json = extra.what == Extra::What::kBrokenJson;
      // A field number of 0 is no protobuf, whatever follows.
      extra.value = extra.json ? "{\"kind\": \"EVENT_KIND_PAYMENT\", \"transaction\": {\"id\": "
                               : std::string("\x00\x01\xff", 3) + std::to_string(i);
      world_.extras.push_back(std::move(extra));
    }
  }

  const WorldOptions options_;
  std::mt19937_64 random_;
  const Zipf merchants_{kMerchants, kSkew};
  const Zipf cards_{kCards, kSkew};
  World world_;
  PlannedPayment twin_of_;
  int twins_ = 0;
};

}  // namespace

World MakeWorld(const WorldOptions& options) { return Maker(options).Make(); }

}  // namespace verdict::seam

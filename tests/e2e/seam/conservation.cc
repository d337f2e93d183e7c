#include "e2e/seam/conservation.h"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <numeric>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "e2e/seam/setup.h"

namespace verdict::seam {
namespace {

constexpr char kNext[] = "verdict_agg_next_offset";
constexpr char kFirst[] = "verdict_agg_first_offset";
// A page is written while records are applied: at most so many meanwhile.
constexpr int64_t kSlack = 5000;

int64_t SumOf(const std::vector<int64_t>& counts) {
  return std::accumulate(counts.begin(), counts.end(), int64_t{0});
}

std::string Text(const std::vector<int64_t>& counts) {
  std::string text;
  for (int i = 0; i < kClasses; ++i) {
    absl::StrAppend(&text, i == 0 ? "" : ", ", kClassNames[i], " ", counts[static_cast<size_t>(i)]);
  }
  return text;
}

}  // namespace

Offsets OffsetsOf(const MetricsPage& page, const std::string& gauge) {
  Offsets offsets;
  for (int p = 0;; ++p) {
    const auto found = page.find(absl::StrCat(gauge, "{partition=\"", p, "\"}"));
    if (found == page.end()) return offsets;
    offsets.push_back(static_cast<int64_t>(found->second));
  }
}

bool TellsI7(const MetricsPage& page) {
  const size_t partitions = OffsetsOf(page, kFirst).size();
  return partitions > 0 && OffsetsOf(page, kNext).size() == partitions && EventsByClass(page);
}

std::string DifferenceOf(const MetricsPage& page, const Reference& reference, int64_t slack) {
  if (!TellsI7(page)) return "the page lacks what I7 is told by";
  const auto counted = EventsByClass(page);
  const Offsets first = OffsetsOf(page, kFirst), next = OffsetsOf(page, kNext);
  std::vector<int64_t> expected(kClasses, 0);
  int64_t read = 0;
  for (size_t p = 0; p < next.size(); ++p) {
    const auto counts = reference.CountClasses(static_cast<int>(p), first[p], next[p]);
    for (size_t i = 0; i < expected.size(); ++i) expected[i] += counts[i];
    read += next[p] - first[p];
  }
  int64_t off = std::abs(read - SumOf(*counted));
  for (size_t i = 0; i < expected.size(); ++i) {
    off = std::max(off, std::abs(expected[i] - (*counted)[i]));
  }
  if (off <= slack) return "";
  return absl::StrCat("read ", read, " records; its counters say ", Text(*counted), "; the topic ",
                      Text(expected));
}

void CheckConservation(const std::vector<LifeRecord>& lives, const Reference& reference,
                       Report* report) {
  uint64_t at_rest = 0, on_the_run = 0, unseen = 0;
  std::vector<int64_t> conserved(kClasses, 0);
  for (const LifeRecord& life : lives) {
    if (!life.last_page) {
      ++unseen;  // it ended before anybody could look
      continue;
    }
    const std::string off = DifferenceOf(*life.last_page, reference, life.quiet ? 0 : kSlack);
    report->Require(off.empty(), absl::StrCat("I7: life ", life.number,
                                              life.quiet ? ", at rest, " : ", under way, ", off));
    ++(life.quiet ? at_rest : on_the_run);
    const auto counted = EventsByClass(*life.last_page);
    for (size_t i = 0; counted && i < conserved.size(); ++i) conserved[i] += (*counted)[i];
  }
  for (int i = 0; i < kClasses; ++i) {
    report->Figure(absl::StrCat("records read and ", kClassNames[i], ", all lives"),
                   static_cast<uint64_t>(conserved[static_cast<size_t>(i)]));
  }
  report->Figure("lives held against the topic at rest, exactly", at_rest);
  report->Figure("lives held against it while records came in", on_the_run);
  report->Figure("lives too short to be looked at", unseen);
  report->Require(at_rest >= 2, "I7: fewer than two lives were looked at while at rest");
}

void CheckDeadLetters(const std::vector<Message>& dead, const std::vector<Message>& topic,
                      const Reference& reference, Report* report) {
  using Origin = std::pair<int64_t, int64_t>;  // partition, offset
  std::map<Origin, const Message*> originals;
  for (const Message& message : topic) originals[{message.partition, message.offset}] = &message;
  std::set<Origin> expected, found, strangers;
  for (const Entry& entry : reference.entries()) {
    if (!entry.unreadable.empty()) expected.insert({entry.partition, entry.offset});
  }
  uint64_t changed = 0;
  for (const Message& letter : dead) {
    const Origin origin = {std::atoll(letter.HeaderOf("verdict.partition").c_str()),
                           std::atoll(letter.HeaderOf("verdict.offset").c_str())};
    (expected.contains(origin) ? found : strangers).insert(origin);
    const Message* original = originals[origin];
    const bool same =
        original != nullptr && original->key == letter.key && original->value == letter.value &&
        letter.HeaderOf("verdict.topic") == kTopic && !letter.HeaderOf("verdict.reason").empty();
    changed += same ? 0 : 1;
  }
  report->Figure("records that nobody can count", expected.size());
  report->Figure("  of these among the dead letters", found.size());
  report->Figure("dead letters, those written again after a kill included", dead.size());
  report->Require(
      found == expected && strangers.empty(),
      absl::StrCat(expected.size() - found.size(), " unreadable records are no dead letters, ",
                   strangers.size(), " dead letters are no unreadable record"));
  report->Require(
      changed == 0,
      absl::StrCat(changed, " dead letters are not as their records, or lack a reason"));
  report->Require(!expected.empty(), "no record was unreadable");
}

}  // namespace verdict::seam

// The features that the test's rules declare, read from their file: what is asked of each payment.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace verdict::seam {

enum class Aggregate : uint8_t { kSum, kCount, kAvg, kMin, kMax };
enum class EntityType : uint8_t { kMerchant, kCard, kCustomer };

// One declared feature.
struct Question {
  std::string name;  // "merchant.volume_30d"
  EntityType entity = EntityType::kMerchant;
  Aggregate aggregate = Aggregate::kSum;
  bool approved_only = false;  // where: "txn.status == 'approved'"
  bool of_amount = false;      // of: "txn.amount_base_minor"; else the events themselves
  int days = 0;                // a window of business days; else
  int64_t length_ms = 0;       // one that slides
};

// Reads `path` (features.json). Ends the process with a message where it holds something that the
// test cannot recompute.
std::vector<Question> ReadQuestions(const std::string& path);

}  // namespace verdict::seam

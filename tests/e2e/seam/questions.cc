#include "e2e/seam/questions.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

namespace verdict::seam {
namespace {

constexpr int64_t kMinuteMs = 60'000;

[[noreturn]] void Refuse(const std::string& path, const std::string& what) {
  std::fprintf(stderr, "%s: %s\n", path.c_str(), what.c_str());
  std::exit(2);
}

template <typename Value>
Value Named(const std::map<std::string, Value>& names, const std::string& name,
            const std::string& path) {
  const auto found = names.find(name);
  if (found == names.end()) Refuse(path, "the test cannot recompute \"" + name + "\"");
  return found->second;
}

void ReadWindow(const std::string& text, const std::string& path, Question* question) {
  size_t digits = 0;
  const int number = std::stoi(text, &digits);
  const std::string unit = text.substr(digits);
  if (unit == "d") {
    question->days = number;
  } else {
    question->length_ms =
        number * Named<int64_t>({{"m", kMinuteMs}, {"h", 60 * kMinuteMs}}, unit, path);
  }
}

}  // namespace

std::vector<Question> ReadQuestions(const std::string& path) {
  std::ifstream file(path);
  if (!file) Refuse(path, "cannot be read");
  const nlohmann::json document =
      nlohmann::json::parse(file, nullptr, /*allow_exceptions=*/false, /*ignore_comments=*/true);
  if (document.is_discarded()) Refuse(path, "is no JSON");
  std::vector<Question> questions;
  for (const nlohmann::json& declared : document["features"]) {
    const std::string entity = declared["entity"];
    Question question;
    question.name = entity + "." + declared["name"].get<std::string>();
    question.entity = Named<EntityType>({{"merchant", EntityType::kMerchant},
                                         {"card", EntityType::kCard},
                                         {"customer", EntityType::kCustomer}},
                                        entity, path);
    question.aggregate = Named<Aggregate>({{"sum", Aggregate::kSum},
                                           {"count", Aggregate::kCount},
                                           {"avg", Aggregate::kAvg},
                                           {"min", Aggregate::kMin},
                                           {"max", Aggregate::kMax}},
                                          declared["aggregate"], path);
    question.approved_only = Named<bool>({{"", false}, {"txn.status == 'approved'", true}},
                                         declared.value("where", ""), path);
    question.of_amount =
        Named<bool>({{"", false}, {"txn.amount_base_minor", true}}, declared.value("of", ""), path);
    ReadWindow(declared["window"], path, &question);
    questions.push_back(std::move(question));
  }
  return questions;
}

}  // namespace verdict::seam

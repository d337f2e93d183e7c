// Random expressions of the rule profile over the test schema, by type: nearly all compile. Used
// wherever two evaluators are compared.
#pragma once

#include <cstdint>
#include <random>
#include <span>
#include <string>
#include <vector>

namespace verdict::rule {

// The same seed, or the same bytes, give the same expressions. Thread-compatible.
class ExpressionGenerator {
 public:
  explicit ExpressionGenerator(uint64_t seed) : random_(seed) {}
  // Without what Verdict has beside CEL's common libraries: networks, age and provenance.
  static ExpressionGenerator OfCommonCel(uint64_t seed) {
    ExpressionGenerator generator(seed);
    generator.common_ = true;
    return generator;
  }
  // Each choice takes one of the bytes, the first form where they have run out.
  explicit ExpressionGenerator(std::span<const uint8_t> bytes) : by_bytes_(true), bytes_(bytes) {}

  // A condition of at most `depth` operators in a row.
  std::string Bool(int depth);

 private:
  std::string Int(int depth);
  std::string Double(int depth);
  std::string String(int depth);
  std::string Strings(int depth);  // list(string)
  std::string Ints(int depth);     // list(int)
  std::string Uint(int depth);
  std::string Bytes(int depth);
  std::string Time(int depth);
  std::string Duration(int depth);
  std::string OptionalInt(int depth);
  std::string OptionalString(int depth);
  std::string IntOfRareTypes(int depth);
  std::string Any(int depth);  // of a type that string() takes
  std::string Comparison(int depth);
  std::string ComparisonOfRareTypes(int depth);
  std::string Loop(int depth);
  std::string Optional(int depth);   // a condition on one
  std::string OursAlone(int depth);  // a condition that common CEL does not have

  size_t Below(size_t n) {
    if (!by_bytes_) return random_() % n;
    if (bytes_.empty()) return 0;
    const size_t chosen = bytes_.front() % n;
    bytes_ = bytes_.subspan(1);
    return chosen;
  }
  std::string OneOf(const std::vector<std::string>& texts) { return texts[Below(texts.size())]; }

  // A variable of a macro, while `body` is written. Empty where no more may be around.
  template <typename Body>
  std::string With(std::vector<std::string>* names, bool loop, Body body) {
    const std::string name = "v" + std::to_string(around_++);
    loops_ += loop ? 1 : 0;
    if (names != nullptr) names->push_back(name);
    std::string text = body(name);
    if (names != nullptr) names->pop_back();
    loops_ -= loop ? 1 : 0;
    --around_;
    return text;
  }

  std::mt19937_64 random_;
  bool by_bytes_ = false;
  bool common_ = false;
  std::span<const uint8_t> bytes_;
  int around_ = 0;
  int loops_ = 0;
  std::vector<std::string> ints_, strings_;  // variables in reach
};

}  // namespace verdict::rule

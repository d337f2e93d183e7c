#include "cli/code_text.h"

#include <vector>

namespace verdict::cli {

std::span<const CodeText> CodeTexts() {
  static const auto* all = [] {
    auto* texts = new std::vector<CodeText>;
    for (const auto& part : {SyntaxAndNameTexts(), MeaningTexts(), FileTexts()}) {
      texts->insert(texts->end(), part.begin(), part.end());
    }
    return texts;
  }();
  return *all;
}

}  // namespace verdict::cli

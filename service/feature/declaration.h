// One declaration of features.json, checked by itself: names, entity, aggregate, window, `of`.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "feature/feature_set.h"

namespace verdict::feature {

// A declaration on its way to a feature.
struct Draft {
  const FeatureDeclaration* declaration = nullptr;
  Feature feature;  // its measure and slots are still to come
  std::optional<uint16_t> of_slot;
  std::shared_ptr<const rule::Expression> where;  // null: none
  // `where` in its canonical spelling; empty: none.
  const std::string& where_text() const;
};

// What declarations may name.
struct DeclarationScope {
  const std::vector<Entity>& entities;
  const rule::Schema& schema;                // without features as yet
  const std::vector<std::string>& features;  // full names of all that are declared
};

// The draft, or nothing where an error was reported. `where` is left to the caller.
std::optional<Draft> CheckDeclaration(const FeatureDeclaration& declaration,
                                      const DeclarationScope& scope,
                                      std::vector<rule::Diagnostic>* diagnostics);

// An error at `member` of the declaration ("window"), or at the declaration itself where that is
// empty. Good until the next diagnostic.
rule::Diagnostic& ReportError(std::string_view code, const FeatureDeclaration& declaration,
                              std::string_view member, std::string message,
                              std::vector<rule::Diagnostic>* diagnostics);

}  // namespace verdict::feature

// Feature sets for tests, declared in a line.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "feature/feature_set.h"

namespace verdict::feature {

inline std::vector<Entity> BuiltInEntities() {
  return {{"merchant", rule::kMerchantId},
          {"card", rule::kCardId},
          {"customer", rule::kCustomerId},
          {"device", rule::kDeviceId}};
}

struct Declared {
  std::string name, entity = "merchant", aggregate = "sum", of = "", window = "30d", where = "";
};

inline FeatureDeclaration Declare(const Declared& declared) {
  FeatureDeclaration declaration;
  declaration.name = declared.name;
  declaration.entity = declared.entity;
  declaration.aggregate = declared.aggregate;
  declaration.of = declared.of;
  declaration.window = declared.window;
  declaration.where.text = declared.where;
  declaration.where.file = declaration.file = "rules/features.json";
  declaration.pointer = "/features/0";
  declaration.position = {4, 7};
  return declaration;
}

// A compiled set and all it stands on; `set` is null where a declaration was refused.
struct CompiledSet {
  std::unique_ptr<rule::Schema> schema = std::make_unique<rule::Schema>();
  std::vector<rule::Diagnostic> diagnostics;
  std::shared_ptr<const FeatureSet> set;

  // "R110: unknown entity ...", a line each.
  std::string Errors() const {
    std::string errors;
    for (const rule::Diagnostic& diagnostic : diagnostics) {
      if (diagnostic.severity != rule::Severity::kError) continue;
      errors += diagnostic.code + ": " + diagnostic.message + "\n";
    }
    return errors;
  }
  const Feature& feature(const std::string& full_name) const {
    for (const Feature& feature : set->features()) {
      if (feature.full_name == full_name) return feature;
    }
    ADD_FAILURE() << "no feature " << full_name;
    return set->features().front();
  }
  const Measure& measure_of(const std::string& full_name) const {
    return set->measures()[feature(full_name).measure];
  }
};

inline rule::Field AttributeField(const std::string& object, const std::string& name,
                                  rule::FieldType type) {
  rule::Field field;
  field.object = object;
  field.name = name;
  field.type = type;
  field.source = rule::FieldSource::kAttribute;
  return field;
}

inline CompiledSet CompileDeclarations(const std::vector<FeatureDeclaration>& declarations,
                                       const FeatureOptions& options = {},
                                       const std::vector<rule::Field>& attributes = {}) {
  CompiledSet compiled;
  for (const rule::Field& attribute : attributes) {
    EXPECT_TRUE(compiled.schema->Add(attribute)) << attribute.full_name();
  }
  compiled.set = FeatureSet::Compile(BuiltInEntities(), declarations, options,
                                     compiled.schema.get(), &compiled.diagnostics);
  return compiled;
}

inline CompiledSet Compile(const std::vector<Declared>& declared,
                           const FeatureOptions& options = {},
                           const std::vector<rule::Field>& attributes = {}) {
  std::vector<FeatureDeclaration> declarations;
  for (const Declared& one : declared) declarations.push_back(Declare(one));
  return CompileDeclarations(declarations, options, attributes);
}

}  // namespace verdict::feature

// The standard by itself, without a schema: what the public tests and comparisons with other
// engines run.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "rule/names.h"

namespace verdict::rule {

// Names with types. Thread-compatible while it is filled, thread-safe then.
class CelEnvironment : public Names {
 public:
  explicit CelEnvironment(std::string container = "") : container_(std::move(container)) {}

  // Its slot; that of the first of the name where there are two.
  uint16_t AddVariable(const std::string& name, Type type);
  // A function that can be called in what is only checked. `name` as callers write it.
  void AddFunction(const std::string& name, bool method, const std::vector<Type>& parameters,
                   Type result);

  std::optional<uint16_t> FindVariable(std::string_view name) const override;
  std::span<const Overload> FindFunction(std::string_view name, bool method) const override;
  std::string_view container() const override { return container_; }
  Type type_of(uint16_t slot) const { return types_[slot]; }
  size_t slots() const { return types_.size(); }
  TypePool* pool() { return &pool_; }

 private:
  std::string container_;
  std::unordered_map<std::string, uint16_t> slots_;
  std::vector<Type> types_;
  std::unordered_map<std::string, std::vector<Overload>> functions_;
  TypePool pool_;
};

// REQUIRES: a whole tree of the cel profile. Linked and with types; to be run only where no finding
// is an error.
CheckedTree CheckCel(Tree tree, const CelEnvironment& environment, Findings* findings);
// Linked alone: what `disable_check` asks for.
CheckedTree LinkCel(Tree tree, const CelEnvironment& environment);

}  // namespace verdict::rule

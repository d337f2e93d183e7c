// One rule of a rule file: its keys, their types, and what they must not say together.
#pragma once

#include "ruleset/object_reader.h"
#include "ruleset/rule_file.h"

namespace verdict::ruleset {

// The rule as far as it can be read; errors become findings. `value` is an object.
DraftRule ReadRule(const JsonDocument& document, const JsonValue& value,
                   const RuleFileContext& context, Findings* findings);

// `[a-z][a-z0-9_]{1,63}`.
bool IsRuleId(std::string_view text);

}  // namespace verdict::ruleset

// rules/policy.json: how scores and provenance become an outcome, and which reasons a merchant may
// be told.
#pragma once

#include "ruleset/findings.h"
#include "ruleset/json_document.h"
#include "ruleset/rule_set.h"

namespace verdict::ruleset {

// `document` may be null: the defaults.
Policy ReadPolicyFile(const JsonDocument* document, Findings* findings);

}  // namespace verdict::ruleset

// One function a type; each chooses among the forms that yield it.
#include "rule/expression_generator.h"

namespace verdict::rule {

std::string ExpressionGenerator::Bool(int depth) {
  if (depth <= 0) {
    return OneOf({"has(card.country)", "has(txn.skus)", "txn.is_recurring", "txn.amount > 500.0",
                  "card.count_1h >= 5", "card.country == 'FR'",
                  "merchant.mcc in lists.high_risk_mcc", "txn.currency in ['EUR', 'USD']",
                  "card.count_1h in [1, 5, 6]", "txn.email.matches('^[a-z]+[0-9]{4,}@')",
                  "txn.time.getHours('UTC') < 12", "txn.delay > duration('90s')"});
  }
  const int d = depth - 1;
  switch (Below(9)) {
    case 0:
      return "(" + Bool(d) + " && " + Bool(d) + ")";
    case 1:
      return "(" + Bool(d) + " || " + Bool(d) + ")";
    case 2:
      return "!(" + Bool(d) + ")";
    case 3:
      return "(" + Bool(d) + " ? " + Bool(d) + " : " + Bool(d) + ")";
    case 4:
      return String(d) + OneOf({".startsWith(", ".endsWith(", ".contains("}) + String(d) + ")";
    case 5:
      return loops_ < 2 ? Loop(d) : Comparison(d);
    case 6:
      return OneOf({"(" + String(d) + " in " + Strings(d) + ")",
                    "(" + Int(d) + " in " + Ints(d) + ")",
                    "sets.intersects(" + Strings(d) + ", " + Strings(d) + ")",
                    "card.?country.hasValue()", "device.?age_days.optMap(o, o + 1).hasValue()",
                    "(" + String(d) + " in {" + "'FR': 1, 'EUR': 2})"});
    default:
      return Comparison(d);
  }
}

std::string ExpressionGenerator::Comparison(int depth) {
  const std::string order = OneOf({" < ", " <= ", " > ", " >= "});
  const std::string equal = OneOf({" == ", " != "});
  switch (Below(6)) {
    case 0:
      return "(" + Int(depth) + order + Int(depth) + ")";
    case 1:
      return "(" + Int(depth) + equal + Int(depth) + ")";
    case 2:
      return "(" + Double(depth) + order + Double(depth) + ")";
    case 3:
      return "(" + String(depth) + equal + String(depth) + ")";
    case 4:
      return "(" + Ints(depth) + equal + Ints(depth) + ")";
    default:
      return "(" + Strings(depth) + equal + Strings(depth) + ")";
  }
}

std::string ExpressionGenerator::Loop(int depth) {
  const std::string macro = OneOf({"exists", "all", "exists_one"});
  if (Below(2) == 0) {
    const std::string range = Strings(depth);
    return With(&strings_, true, [&](const std::string& v) {
      return range + "." + macro + "(" + v + ", " + Bool(depth) + ")";
    });
  }
  const std::string range = Ints(depth);
  return With(&ints_, true, [&](const std::string& v) {
    return range + "." + macro + "(" + v + ", " + Bool(depth) + ")";
  });
}

std::string ExpressionGenerator::Int(int depth) {
  if (!ints_.empty() && Below(3) == 0) return ints_[Below(ints_.size())];
  if (depth <= 0) {
    return OneOf({"0", "1", "7", "-5", "9223372036854775807", "card.count_1h", "card.count_1d",
                  "txn.amount_minor", "device.age_days", "card.?count_1h.orValue(0)"});
  }
  const int d = depth - 1;
  switch (Below(10)) {
    case 0:
    case 1:
      return "(" + Int(d) + OneOf({" + ", " - ", " * ", " / ", " % "}) + Int(d) + ")";
    case 2:
      return "(" + Bool(d) + " ? " + Int(d) + " : " + Int(d) + ")";
    case 3:
      return "size(" + (Below(2) == 0 ? Strings(d) : String(d)) + ")";
    case 4:
      return Ints(d) + "[" + OneOf({"0", "1", "5"}) + "]";
    case 5:
      return OneOf({"math.abs(" + Int(d) + ")",
                    "math.greatest(" + Int(d) + ", " + Int(d) + ", " + Int(d) + ")",
                    "math.least(" + Ints(d) + ")", "math.sign(" + Int(d) + ")"});
    case 6:
      return OneOf({"int(" + Double(d) + ")", "-(" + Int(d) + ")"});
    case 7: {
      const std::string value = Int(d);
      return With(&ints_, false, [&](const std::string& v) {
        return "cel.bind(" + v + ", " + value + ", " + Int(d) + ")";
      });
    }
    case 8:
      return OneOf({"{'FR': 1, 'DE': 2}[" + String(d) + "]",
                    "{'FR': " + Int(d) + "}[?" + String(d) + "].orValue(" + Int(d) + ")",
                    "{'a': " + Int(d) + ", 'b': 2}.a"});
    default:
      return String(d) + OneOf({".indexOf(", ".lastIndexOf("}) + String(d) + ")";
  }
}

std::string ExpressionGenerator::Double(int depth) {
  if (depth <= 0) {
    return OneOf({"0.5", "742.5", "txn.amount", "card.avg_30d", "-1.0", "0.0"});
  }
  const int d = depth - 1;
  switch (Below(5)) {
    case 0:
    case 1:
      return "(" + Double(d) + OneOf({" + ", " - ", " * ", " / "}) + Double(d) + ")";
    case 2:
      return "double(" + Int(d) + ")";
    case 3:
      return OneOf({"math.floor(", "math.round(", "math.sqrt(", "math.abs("}) + Double(d) + ")";
    default:
      return "(" + Bool(d) + " ? " + Double(d) + " : " + Double(d) + ")";
  }
}

std::string ExpressionGenerator::String(int depth) {
  if (!strings_.empty() && Below(3) == 0) return strings_[Below(strings_.size())];
  if (depth <= 0) {
    return OneOf({"''", "'FR'", "'\u00e9a'", "'GIFT1'", "txn.currency", "card.country", "txn.email",
                  "merchant.mcc"});
  }
  const int d = depth - 1;
  switch (Below(9)) {
    case 0:
      return "(" + String(d) + " + " + String(d) + ")";
    case 1:
      return String(d) + OneOf({".lowerAscii()", ".upperAscii()", ".trim()", ".reverse()"});
    case 2:
      return String(d) + ".substring(" + OneOf({"0", "1", "3"}) + ")";
    case 3:
      return "string(" + Int(d) + ")";
    case 4:
      return Strings(d) + "[" + OneOf({"0", "1", "4"}) + "]";
    case 5:
      return String(d) + ".replace(" + String(d) + ", " + String(d) + ")";
    case 6:
      return Strings(d) + ".join(" + String(d) + ")";
    case 7:
      return String(d) + ".charAt(" + OneOf({"0", "1", "9"}) + ")";
    default:
      return "(" + Bool(d) + " ? " + String(d) + " : " + String(d) + ")";
  }
}

std::string ExpressionGenerator::Strings(int depth) {
  if (depth <= 0) return OneOf({"txn.skus", "['a', 'FR', 'EUR']", "['']"});
  const int d = depth - 1;
  switch (Below(5)) {
    case 0:
      return "[" + String(d) + ", " + String(d) + "]";
    case 1:
      return "(" + Strings(d) + " + " + Strings(d) + ")";
    case 2:
      return String(d) + ".split(" + OneOf({"'a'", "''", "'@'"}) + ")";
    case 3: {
      if (loops_ >= 2) return "[?card.?country, " + String(d) + "]";
      const std::string range = Strings(d);
      return With(&strings_, true, [&](const std::string& v) {
        return range + (Below(2) == 0 ? ".filter(" + v + ", " + Bool(d) + ")"
                                      : ".map(" + v + ", " + String(d) + ")");
      });
    }
    default:
      return "txn.skus";
  }
}

std::string ExpressionGenerator::Ints(int depth) {
  if (depth <= 0 || loops_ >= 2) return OneOf({"txn.sizes", "[1, 2, 6]", "[0]"});
  const int d = depth - 1;
  switch (Below(4)) {
    case 0:
      return "[" + Int(d) + ", " + Int(d) + "]";
    case 1: {
      const std::string range = Strings(d);
      return With(&strings_, true, [&](const std::string& v) {
        return range + ".map(" + v + ", " + Bool(d) + ", " + Int(d) + ")";
      });
    }
    case 2: {
      const std::string range = Ints(d);
      return With(&ints_, true, [&](const std::string& v) {
        return range + (Below(2) == 0 ? ".filter(" + v + ", " + Bool(d) + ")"
                                      : ".map(" + v + ", " + Int(d) + ")");
      });
    }
    default:
      return "txn.sizes";
  }
}

}  // namespace verdict::rule

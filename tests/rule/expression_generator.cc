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
  switch (Below(11)) {
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
    case 7:
      return Optional(d);
    case 8:
      return common_ ? ComparisonOfRareTypes(d) : OursAlone(d);
    default:
      return Below(3) == 0 ? ComparisonOfRareTypes(d) : Comparison(d);
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

std::string ExpressionGenerator::ComparisonOfRareTypes(int depth) {
  const std::string compared = OneOf({" < ", " <= ", " > ", " >= ", " == ", " != "});
  switch (Below(5)) {
    case 0:
      return "(" + Uint(depth) + compared + Uint(depth) + ")";
    case 1:
      return "(" + Bytes(depth) + compared + Bytes(depth) + ")";
    case 2:
      return "(" + Time(depth) + compared + Time(depth) + ")";
    case 3:
      return "(" + Duration(depth) + compared + Duration(depth) + ")";
    default:
      return "(" + Uint(depth) + " in [1u, " + Uint(depth) + "])";
  }
}

std::string ExpressionGenerator::Optional(int depth) {
  switch (Below(4)) {
    case 0:
      return OptionalInt(depth) + ".hasValue()";
    case 1:
      return OptionalString(depth) + ".hasValue()";
    case 2:
      // cel-go, to whom fields are dyn, may take the one for an optional of a double.
      if (common_) return OptionalInt(depth) + ".hasValue()";
      return "(" + OptionalInt(depth) + " == " + OptionalInt(depth) + ")";
    default:
      return "(" + OptionalString(depth) + ".orValue(" + String(depth) + ") == " + String(depth) +
             ")";
  }
}

std::string ExpressionGenerator::OursAlone(int depth) {
  switch (Below(7)) {
    case 0:
      return "(age(card.count_1h) < " + Duration(depth) + ")";
    case 1:
      return "(provenance(card.count_1h) == " + OneOf({"'FULL'", "'STALE'"}) + ")";
    case 2:
      return OneOf({"isIP(", "isCIDR("}) + String(depth) + ")";
    case 3:
      return OneOf({"cidr('10.0.0.0/8')", "cidr('2001:db8::/32')", "lists.datacentres"}) +
             ".containsIP(" + OneOf({"txn.ip", String(depth), "'10.1.2.3'"}) + ")";
    case 4:
      return "(ip(" + OneOf({"txn.ip", "'192.0.2.7'", String(depth)}) + ")" +
             OneOf({".family() == 4", ".isLoopback()", ".isGlobalUnicast()", " == ip('192.0.2.7')",
                    ".isUnspecified()"}) +
             ")";
    case 5:
      return "lists.bins.containsPrefixOf(" + String(depth) + ")";
    default:
      return "(cidr('10.0.0.0/8')" +
             OneOf({".prefixLength() == " + Int(depth), ".containsCIDR('10.1.0.0/16')",
                    ".masked() == cidr('10.0.0.0/8')"}) +
             ")";
  }
}

std::string ExpressionGenerator::Uint(int depth) {
  if (depth <= 0) return OneOf({"0u", "1u", "7u", "18446744073709551615u"});
  const int d = depth - 1;
  switch (Below(4)) {
    case 0:
      return "(" + Uint(d) + OneOf({" + ", " - ", " * ", " / ", " % "}) + Uint(d) + ")";
    case 1:
      return "uint(" + Int(d) + ")";
    case 2:
      return "uint(" + Double(d) + ")";
    default:
      return "(" + Bool(d) + " ? " + Uint(d) + " : " + Uint(d) + ")";
  }
}

std::string ExpressionGenerator::Bytes(int depth) {
  if (depth <= 0) return OneOf({"b''", "b'FR'", "b'\\xff'", "bytes(card.country)"});
  const int d = depth - 1;
  if (Below(2) == 0) return "(" + Bytes(d) + " + " + Bytes(d) + ")";
  return "bytes(" + String(d) + ")";
}

std::string ExpressionGenerator::Time(int depth) {
  if (depth <= 0) {
    return OneOf({"txn.time", "card.first_seen", "timestamp('2026-11-20T09:15:00Z')",
                  "timestamp('9999-12-31T23:59:59Z')"});
  }
  const int d = depth - 1;
  switch (Below(3)) {
    case 0:
      return "(" + Time(d) + OneOf({" + ", " - "}) + Duration(d) + ")";
    case 1:
      return "timestamp(" + Int(d) + ")";
    default:
      return "txn.time";
  }
}

std::string ExpressionGenerator::Duration(int depth) {
  if (depth <= 0) {
    return OneOf({"txn.delay", "duration('90s')", "duration('-1.5h')", "duration('0s')"});
  }
  const int d = depth - 1;
  switch (Below(3)) {
    case 0:
      return "(" + Duration(d) + OneOf({" + ", " - "}) + Duration(d) + ")";
    case 1:
      return "(" + Time(d) + " - " + Time(d) + ")";
    default:
      return "txn.delay";
  }
}

std::string ExpressionGenerator::OptionalInt(int depth) {
  if (depth <= 0) return OneOf({"card.?count_1h", "device.?age_days", "optional.of(7)"});
  const int d = depth - 1;
  switch (Below(6)) {
    case 0:
      return "optional.of(" + Int(d) + ")";
    case 1:
      return "optional.ofNonZeroValue(" + Int(d) + ")";
    case 2:
      return OptionalInt(d) + ".or(" + OptionalInt(d) + ")";
    case 3: {
      const std::string value = OptionalInt(d);
      return With(&ints_, false, [&](const std::string& v) {
        return value + ".optMap(" + v + ", " + Int(d) + ")";
      });
    }
    case 4: {
      const std::string value = OptionalString(d);
      return With(&strings_, false, [&](const std::string& v) {
        return value + ".optFlatMap(" + v + ", " + OptionalInt(d) + ")";
      });
    }
    default:
      return Ints(d) + "[?" + OneOf({"0", "1", "5"}) + "]";
  }
}

std::string ExpressionGenerator::OptionalString(int depth) {
  if (depth <= 0) return OneOf({"card.?country", "txn.?currency", "optional.of('FR')"});
  const int d = depth - 1;
  switch (Below(4)) {
    case 0:
      return "optional.of(" + String(d) + ")";
    case 1:
      return OptionalString(d) + ".or(" + OptionalString(d) + ")";
    case 2:
      return Strings(d) + "[?" + OneOf({"0", "1", "5"}) + "]";
    default:
      return "{'FR': " + String(d) + "}[?" + String(d) + "]";
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
  switch (Below(12)) {
    case 10:
      return IntOfRareTypes(d);
    case 11:
      return Below(2) == 0
                 ? Time(d) + OneOf({".getFullYear()", ".getDayOfWeek('UTC')",
                                    ".getHours('Europe/Paris')", ".getDayOfYear('-08:00')"})
                 : Duration(d) + OneOf({".getHours()", ".getMinutes()", ".getSeconds()"});
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

std::string ExpressionGenerator::IntOfRareTypes(int depth) {
  switch (Below(4)) {
    case 0:
      return "int(" + Uint(depth) + ")";
    case 1:
      return "size(" + Bytes(depth) + ")";
    case 2:
      return "int(" + Time(depth) + ")";
    default:
      return OptionalInt(depth) + ".orValue(" + Int(depth) + ")";
  }
}

std::string ExpressionGenerator::Any(int depth) {
  switch (Below(6)) {
    case 0:
      return Uint(depth);
    case 1:
      return Bool(depth);
    case 2:
      return Bytes(depth);
    case 3:
      return Time(depth);
    case 4:
      return Duration(depth);
    default:
      return Int(depth);
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
      return "string(" + Any(d) + ")";
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

package main

import (
	"fmt"
	"strconv"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/ext"
)

// What rules may use, in cel-go's words.
func libraries() []cel.EnvOption {
	return []cel.EnvOption{
		cel.CrossTypeNumericComparisons(true),
		cel.OptionalTypes(),
		ext.Strings(),
		ext.Math(),
		ext.Sets(),
		ext.Bindings(),
	}
}

// One value of the pairs' JSON: an object with one key, the type.
func valueOf(typed map[string]any) (any, error) {
	for kind, v := range typed {
		switch kind {
		case "bool", "double", "string":
			return v, nil
		case "int":
			return strconv.ParseInt(v.(string), 10, 64)
		case "timestamp_ms":
			ms, err := strconv.ParseInt(v.(string), 10, 64)
			return time.UnixMilli(ms).UTC(), err
		case "duration_ns":
			ns, err := strconv.ParseInt(v.(string), 10, 64)
			return time.Duration(ns), err
		case "list":
			items := []any{}
			for _, item := range v.([]any) {
				one, err := valueOf(item.(map[string]any))
				if err != nil {
					return nil, err
				}
				items = append(items, one)
			}
			return items, nil
		}
	}
	return nil, fmt.Errorf("a value of no known type: %v", typed)
}

package main

import (
	"encoding/json"
	"fmt"
	"testing"

	"cel.dev/cel-go/cel"
)

const recordCount = 256

// The rules and the records of tests/bench/rule_bench.cc, as flat variables: cel-go's fastest form.
var rules = []string{
	"txn.amount > 500 && card.country != merchant.country && card.count_1d >= 5",
	"merchant.mcc in ['4829', '6051', '7995', '4511', '5944', '5094', '6211', '7273', '7801', '7802'] && txn.amount >= 100.0",
	"card.avg_30d > 0.0 && txn.amount / card.avg_30d > 8.0",
	"txn.email.matches('^[a-z]+[0-9]{4,}@')",
	"(txn.amount > 900 || card.count_1h >= 5) && !(merchant.mcc in ['5411']) && (card.country == 'NG' || merchant.country == 'NG')",
}

var types = map[string]*cel.Type{
	"txn.amount":       cel.DoubleType,
	"txn.email":        cel.StringType,
	"card.country":     cel.StringType,
	"card.avg_30d":     cel.DoubleType,
	"card.count_1h":    cel.IntType,
	"card.count_1d":    cel.IntType,
	"merchant.country": cel.StringType,
	"merchant.mcc":     cel.StringType,
}

func records() []map[string]any {
	countries := []string{"FR", "DE", "NG", "GB"}
	codes := []string{"5411", "6051", "5999", "7995"}
	emails := []string{"bob77777@example.com", "alice@example.com"}
	state := uint64(7)
	next := func(below uint64) uint64 {
		state = state*6364136223846793005 + 1442695040888963407
		return (state >> 33) % below
	}
	made := []map[string]any{}
	for i := 0; i < recordCount; i++ {
		record := map[string]any{
			"txn.amount":       float64(next(1000)),
			"card.country":     countries[next(4)],
			"merchant.country": countries[next(4)],
			"merchant.mcc":     codes[next(4)],
			"txn.email":        emails[next(2)],
			"card.avg_30d":     float64(next(200)),
		}
		if next(8) != 0 {
			record["card.count_1h"] = int64(next(10))
		}
		record["card.count_1d"] = int64(next(10))
		made = append(made, record)
	}
	return made
}

type measured struct {
	Rule   string  `json:"rule"`
	Ns     float64 `json:"ns"`
	Allocs int64   `json:"allocs"`
}

func bench() error {
	options := libraries()
	for name, t := range types {
		options = append(options, cel.Variable(name, t))
	}
	env, err := cel.NewEnv(options...)
	if err != nil {
		return err
	}
	inputs := records()
	results := []measured{}
	for _, rule := range rules {
		ast, issues := env.Compile(rule)
		if issues.Err() != nil {
			return issues.Err()
		}
		program, err := env.Program(ast, cel.EvalOptions(cel.OptOptimize))
		if err != nil {
			return err
		}
		r := testing.Benchmark(func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; i < b.N; i++ {
				// A missing field is an error, as it should be.
				_, _, _ = program.Eval(inputs[i%recordCount])
			}
		})
		results = append(results, measured{rule, float64(r.T.Nanoseconds()) / float64(r.N), r.AllocsPerOp()})
	}
	text, err := json.Marshal(results)
	if err != nil {
		return err
	}
	fmt.Println(string(text))
	return nil
}

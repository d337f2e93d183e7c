package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"sort"
	"strings"

	"cel.dev/cel-go/cel"
)

// The lists of the test schema, as `lists.NAME`.
var lists = map[string]any{
	"high_risk_mcc": []string{"4829", "6051", "7995"},
	"empty":         []string{},
}

var objects = []string{"txn", "card", "device", "merchant", "customer", "lists"}

type pair struct {
	Expr    string                                 `json:"expr"`
	Records []map[string]map[string]map[string]any `json:"records"`
	Results []string                               `json:"results"`
}

func objectEnv() (*cel.Env, error) {
	options := libraries()
	for _, name := range objects {
		options = append(options, cel.Variable(name, cel.MapType(cel.StringType, cel.DynType)))
	}
	return cel.NewEnv(options...)
}

// Objects without a field are there all the same: parents are always present.
func activation(record map[string]map[string]map[string]any) (map[string]any, error) {
	variables := map[string]any{}
	for _, name := range objects {
		fields := map[string]any{}
		for field, typed := range record[name] {
			v, err := valueOf(typed)
			if err != nil {
				return nil, err
			}
			fields[field] = v
		}
		variables[name] = fields
	}
	variables["lists"] = lists
	return variables, nil
}

// "true", "false" or "error"; and cel-go's words for an error.
func resultOf(program cel.Program, variables map[string]any) (string, string) {
	out, _, err := program.Eval(variables)
	if err != nil {
		return "error", err.Error()
	}
	return fmt.Sprint(out.Value()), ""
}

// A missing field is an error in CEL.
func same(ours, theirs string) bool {
	return ours == theirs || (ours == "missing" && theirs == "error")
}

func agree(input io.Reader) error {
	env, err := objectEnv()
	if err != nil {
		return err
	}
	lines := bufio.NewScanner(input)
	lines.Buffer(nil, 1<<26)
	pairs, differ := 0, 0
	counts := map[string]int{}
	for lines.Scan() {
		var one pair
		if err := json.Unmarshal(lines.Bytes(), &one); err != nil {
			return err
		}
		ast, issues := env.Compile(one.Expr)
		if issues.Err() != nil {
			pairs += len(one.Records)
			differ += len(one.Records)
			fmt.Printf("DIFFERS %s\n  cel-go refuses it: %v\n", one.Expr, firstLine(issues.Err()))
			continue
		}
		program, err := env.Program(ast)
		if err != nil {
			return fmt.Errorf("%s: %w", one.Expr, err)
		}
		for i, record := range one.Records {
			variables, err := activation(record)
			if err != nil {
				return err
			}
			theirs, why := resultOf(program, variables)
			pairs++
			counts[one.Results[i]]++
			if same(one.Results[i], theirs) {
				continue
			}
			differ++
			shown, _ := json.Marshal(record)
			fmt.Printf("DIFFERS %s\n  on %s\n  Verdict %s, cel-go %s %s\n", one.Expr, shown, one.Results[i], theirs, why)
		}
	}
	if err := lines.Err(); err != nil {
		return err
	}
	fmt.Printf("%d pairs (%s), %d differ\n", pairs, describe(counts), differ)
	if differ > 0 || pairs == 0 {
		return fmt.Errorf("the two disagree")
	}
	return nil
}

func describe(counts map[string]int) string {
	words := []string{}
	for result, count := range counts {
		words = append(words, fmt.Sprintf("%s %d", result, count))
	}
	sort.Strings(words)
	return strings.Join(words, ", ")
}

func firstLine(err error) string { return strings.SplitN(err.Error(), "\n", 2)[0] }

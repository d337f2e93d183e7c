// Asks cel-go what Verdict was asked.
//
//	cel_go agree < PAIRS       every result of cel_pairs against cel-go's; exit 1 where any differs
//	cel_go bench               nanoseconds of one evaluation, for each of the five rules, as JSON
package main

import (
	"fmt"
	"os"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: cel_go agree | bench")
		os.Exit(2)
	}
	var err error
	switch os.Args[1] {
	case "agree":
		err = agree(os.Stdin)
	case "bench":
		err = bench()
	default:
		err = fmt.Errorf("unknown command %q", os.Args[1])
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "cel_go:", err)
		os.Exit(1)
	}
}

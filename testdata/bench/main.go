// Command bench compares Kravverk's rule engine with other rule and expression
// engines on the same conditions and the same systems, in one run. See
// README.md for what makes the comparison fair.
package main

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"text/tabwriter"
	"time"
)

func main() {
	nSystems := flag.Int("systems", 100_000, "how many systems the portfolio has")
	nConditions := flag.Int("conditions", 500, "how many conditions the catalogue has")
	runs := flag.Int("runs", 7, "how many runs a figure is the median of, at least 5")
	short := flag.Bool("short", false, "a tenth of the systems, five runs and no larger sizes")
	flag.Parse()
	if *short {
		*nSystems, *runs = min(*nSystems, 10_000), 5
	}
	if *nSystems < 1 || *nConditions < 1 || *runs < 5 || flag.NArg() > 0 {
		flag.Usage()
		os.Exit(2)
	}
	if err := bench(*nSystems, *nConditions, *runs, !*short); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func bench(nSystems, nConditions, runs int, sizes bool) error {
	facts := makeFacts()
	conditions := makeConditions(facts, nConditions)
	all := makeSystems(facts, nSystems)
	open := forget(all)

	describeMachine()
	describeCatalogue(facts, conditions, all)

	everybody := contestants(facts, conditions, all)
	compared, _, err := agree(facts, conditions, all, all.len(), plainly, everybody)
	if err != nil {
		return err
	}
	fmt.Printf("\nFully answered: %d contestants, %s verdicts compared, none differs.\n", len(everybody), thousands(compared))
	unanswered := oursUnanswered(facts, conditions, open)
	// Trying every answer to what is unanswered is slow, so not on all systems.
	compared, decided, err := agree(facts, conditions, open, 2_000, func(c condition, system []uint8) verdict { return c.exactly(facts, system) }, unanswered)
	if err != nil {
		return err
	}
	fmt.Printf("80 %% unanswered: %d contestants, %s verdicts compared, none differs; %.0f %% are decided all the same.\n",
		len(unanswered), thousands(compared), 100*decided)

	race(everybody, nConditions, runs)
	fmt.Printf("\nEvery condition on every system; a verdict is one condition on one system.\nMedians of %d runs, taken in turns.\n\n", runs)
	table(everybody, nSystems, nConditions)

	race(unanswered, nConditions, runs)
	fmt.Printf("\nThe same with 80 %% of the answers unknown, which no peer can do exactly.\n\n")
	table(unanswered, nSystems, nConditions)

	fmt.Printf("\nWhat else our engine does, with %s conditions and %s systems. Medians of %d runs.\n\n",
		thousands(nConditions), thousands(nSystems), runs)
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	for _, j := range jobs(facts, conditions, all, open) {
		fmt.Fprintf(w, "%s\t%s\n", j.name, duration(steady(j.run, runs)/time.Duration(j.per)))
	}
	w.Flush()

	if !sizes {
		return nil
	}
	// What is above is in nobody's way any more.
	everybody, unanswered, all, open = nil, nil, systems{}, systems{}
	fmt.Printf("\nOther sizes, our engine only. Medians of %d runs. The heap in use is what the systems, the\nprograms and every verdict take.\n\n", runs)
	fmt.Fprintln(w, "conditions\tsystems\tprogram\tcompile both\toperations\t1 core\t2 cores\tns per verdict, 1 core\theap in use")
	for _, at := range []struct{ conditions, systems int }{{2_000, nSystems}, {7_500, nSystems}, {20_000, nSystems}, {nConditions, 1_000_000}} {
		s := measure(facts, makeConditions(facts, at.conditions), makeSystems(facts, at.systems), runs)
		verdicts := float64(s.conditions * s.systems)
		fmt.Fprintf(w, "%s\t%s\ttwo-valued\t%s\t%s\t%s\t%s\t%s\t%d MB\n", thousands(s.conditions), thousands(s.systems), duration(s.compile),
			thousands(s.two.operations), duration(s.two.took[0]), duration(s.two.took[1]), figures(float64(s.two.took[0])/verdicts), s.two.heap>>20)
		fmt.Fprintf(w, "\t\texact\t\t%s\t%s\t%s\t%s\t%d MB\n",
			thousands(s.exact.operations), duration(s.exact.took[0]), duration(s.exact.took[1]), figures(float64(s.exact.took[0])/verdicts), s.exact.heap>>20)
	}
	return w.Flush()
}

const reference = "cel-go, optimized" // what the others are put in proportion to

func contestants(facts []fact, conditions []condition, all systems) []*contestant {
	onTwo := func(p peer) peer {
		p.cores = 2
		return p
	}
	var out []*contestant
	for _, p := range []peer{
		opaPeer(facts, conditions),
		jsonLogicPeer(facts, conditions),
		celPeer(facts, conditions),
		onTwo(celPeer(facts, conditions)),
		exprPeer(facts, conditions),
		closurePeer(facts, conditions),
		jumpPeer(facts, conditions),
		maskPeer(facts, conditions),
	} {
		out = append(out, p.contestant(all, len(conditions)))
	}
	return append(out, ours(facts, conditions, all)...)
}

// agree runs everybody once, which also warms them up, and compares their
// verdicts with those that read gives, on the first n systems. It gives the
// share of verdicts that are not unknown.
func agree(facts []fact, conditions []condition, all systems, n int, read func(condition, []uint8) verdict, list []*contestant) (compared int, decided float64, err error) {
	expected := expect(conditions, all.first(n), read)
	for _, c := range list {
		c.run()
		count, err := c.check(facts, conditions, all, expected)
		if err != nil {
			return 0, 0, err
		}
		compared += count
	}
	for _, v := range expected {
		if v != unknown {
			decided++
		}
	}
	return compared, decided / float64(len(expected)), nil
}

// race times everybody in turns, so that whatever else the machine is up to
// falls on all of them.
func race(list []*contestant, nConditions, runs int) {
	times := make([]int, len(list))
	for i, c := range list {
		times[i] = enough(c.run)
	}
	for range runs {
		for i, c := range list {
			c.took = append(c.took, float64(clock(c.run, times[i]).Nanoseconds())/float64(c.systems*nConditions))
		}
	}
}

func table(list []*contestant, nSystems, nConditions int) {
	var base *contestant
	for _, c := range list {
		if c.name == reference && c.cores == 1 {
			base = c
		}
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	heading := fmt.Sprintf("\tcores\tns per verdict\t(fastest to slowest run)\t%s × %s\t", thousands(nSystems), thousands(nConditions))
	if base != nil {
		heading += "\ttimes as fast as cel-go, 1 core"
	}
	fmt.Fprintln(w, heading)
	for _, c := range list {
		ns := medianOf(c.took)
		how := "measured"
		if c.systems < nSystems {
			how = fmt.Sprintf("extrapolated from %s systems", thousands(c.systems))
		}
		whole := time.Duration(ns * float64(nSystems) * float64(nConditions))
		line := fmt.Sprintf("%s\t%d\t%s\t(%s to %s)\t%s\t%s", c.name, c.cores,
			figures(ns), figures(slices.Min(c.took)), figures(slices.Max(c.took)), duration(whole), how)
		if base != nil {
			// Within each turn, so that a machine that slows down for a while
			// slows down both.
			ratios := make([]float64, len(c.took))
			for i, took := range c.took {
				ratios[i] = base.took[i] / took
			}
			line += "\t" + figures(medianOf(ratios))
		}
		fmt.Fprintln(w, line)
	}
	w.Flush()
}

func describeMachine() {
	fmt.Printf("%s/%s, %d cores, %s\n", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version())
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return
	}
	for _, module := range []string{"cel.dev/cel-go", "github.com/expr-lang/expr", "github.com/open-policy-agent/opa", "github.com/diegoholiveira/jsonlogic/v3"} {
		for _, d := range info.Deps {
			if d.Path == module {
				fmt.Printf("%s %s\n", d.Path, d.Version)
			}
		}
	}
}

func describeCatalogue(facts []fact, conditions []condition, all systems) {
	atoms := 0
	different := map[string]bool{}
	for _, c := range conditions {
		atoms += c.atoms()
		different[fmt.Sprint(c)] = true
	}
	fmt.Printf("%s systems, %d facts, %s conditions (%s different) of %.1f atoms on average\n", thousands(all.len()), len(facts),
		thousands(len(conditions)), thousands(len(different)), float64(atoms)/float64(len(conditions)))
}

// thousands writes 1,000,000.
func thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// steady is the median of some runs.
func steady(run func(), runs int) time.Duration {
	times := enough(run)
	var took []time.Duration
	for range runs {
		took = append(took, clock(run, times))
	}
	return medianOf(took)
}

// figures writes a number with three figures that count, or all that stand
// before the point.
func figures(x float64) string {
	if x >= 100 {
		return thousands(int(x + 0.5))
	}
	return strconv.FormatFloat(x, 'g', 3, 64)
}

func duration(d time.Duration) string {
	switch {
	case d >= time.Second:
		return figures(d.Seconds()) + " s"
	case d >= time.Millisecond:
		return figures(d.Seconds()*1e3) + " ms"
	}
	return figures(d.Seconds()*1e6) + " µs"
}

package main

import "github.com/spf13/cobra"

// groups is the order in which the help lists the commands: first what somebody
// needs who is new here.
var groups = []struct {
	title string
	names []string
}{
	{"Trying it out:", []string{"demo", "receive", "parse"}},
	{"Setting it up and running it:", []string{"check", "test", "run"}},
	{"Looking:", []string{"status", "health", "why", "audit"}},
	{"What was not delivered, or not understood:", []string{"dead", "quarantine"}},
	{"Changing:", []string{"pause", "resume", "spool"}},
	{"More:", []string{"version", "schema", "completion", "help"}},
}

// group puts the commands of root into their groups. One that stands in none
// is listed behind them.
func group(root *cobra.Command) {
	of := map[string]string{}
	for _, g := range groups {
		root.AddGroup(&cobra.Group{ID: g.title, Title: g.title})
		for _, name := range g.names {
			of[name] = g.title
		}
	}
	root.SetHelpCommandGroupID(of["help"])
	for _, c := range root.Commands() {
		c.GroupID = of[c.Name()]
	}
}

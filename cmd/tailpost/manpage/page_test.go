package manpage

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/spf13/cobra"
)

func sample() *cobra.Command {
	root := &cobra.Command{Use: "tool", Short: "Do it", Run: func(*cobra.Command, []string) {}}
	group := &cobra.Command{Use: "group", Short: "Things"}
	sub := &cobra.Command{
		Use:   "sub FILE",
		Short: "Do's and \"don'ts\"",
		Long: `It takes -x, \n and
.so names.

A table:
  one   -1
  two   'a'
and on.`,
		Example: "  tool group sub 'a b' --flag x",
		Run:     func(*cobra.Command, []string) {},
	}
	sub.Flags().StringP("flag", "f", "some", "a `NAME` as in $TOOL_HOME")
	sub.Flags().Bool("no", false, "not at all")
	sub.Flags().Bool("secret", false, "hidden")
	sub.Flags().MarkHidden("secret")
	group.AddCommand(sub, &cobra.Command{Use: "old", Hidden: true, Run: func(*cobra.Command, []string) {}})
	root.AddCommand(group)
	return root
}

var about = About{
	Version: "1.2",
	Date:    time.Date(2026, 1, 2, 23, 0, 0, 0, time.FixedZone("", -3*3600)), // the third, in UTC
	Ends:    []Term{{"0", "Well."}},
	Around:  []Term{{"TOOL_HOME", "Where it lives."}, {"OTHER", "Not named."}},
	Files:   []Term{{"/etc/tool", "Not named either."}},
	See:     []string{"tool.conf(5)"},
}

// The whole page: each line of it is wanted.
const wantPage = `.TH "TOOL\-GROUP\-SUB" "1" "2026\-01\-03" "tool 1.2" "User commands"
.SH "NAME"
tool\-group\-sub \- Do\(aqs and "don\(aqts"
.SH "SYNOPSIS"
\fBtool group sub\fR \fIFILE\fR [\fIoptions\fR]
.SH "DESCRIPTION"
It takes \-x, \en and
\&.so names.
.PP
A table:
.nf
  one   \-1
  two   \(aqa\(aq
.fi
and on.
.SH "OPTIONS"
.TP
\fB\-f, \-\-flag NAME\fR
a NAME as in $TOOL_HOME (default some).
.TP
\fB\-h, \-\-help\fR
help for sub.
.TP
\fB\-\-no\fR
not at all.
.SH "EXIT STATUS"
.TP
\fB0\fR
Well.
.SH "ENVIRONMENT"
.TP
\fBTOOL_HOME\fR
Where it lives.
.SH "EXAMPLES"
.nf
  tool group sub \(aqa b\(aq \-\-flag x
.fi
.SH "SEE ALSO"
.BR tool\-group (1),
.BR tool.conf (5)
`

func TestTree(t *testing.T) {
	dir := t.TempDir()
	if err := WriteTree(dir, sample(), about); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) != 3 {
		t.Fatalf("wrote %v, %v; want the pages of tool, tool group and tool group sub", files, err)
	}
	got, err := os.ReadFile(filepath.Join(dir, "tool-group-sub.1"))
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != wantPage {
		t.Errorf("got\n%s\nwant\n%s", got, wantPage)
	}
}

func TestPageListsCommands(t *testing.T) {
	page := Page(sample(), About{})
	for _, want := range []string{
		".SH \"COMMANDS\"\n.TP\n\\fBtool group\\fR\nThings.\n",
		"\\fBtool\\fR \\fICOMMAND\\fR [\\fIoptions\\fR]\n",
		`.TH "TOOL" "1" "" "tool " "User commands"`, // no date where there is none
		".SH \"SEE ALSO\"\n.BR tool\\-group (1)\n",
	} {
		if !bytes.Contains(page, []byte(want)) {
			t.Errorf("no %q in\n%s", want, page)
		}
	}
}

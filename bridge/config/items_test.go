package config

import (
	"os"
	"slices"
	"testing"
)

const relay = "[smtp]\nhost='mail'\nfrom='a@example.com'\nsecurity='none'\n"

// Two configurations differ where somebody has to do something, and nowhere
// else: the contents of the files that they name are part of them.
func TestSame(t *testing.T) {
	const http = "[[recipients.http]]\nname='h'\nurl='http://localhost/'\nauthorization_file='token'\n"
	const mail = "[[recipients.email]]\nname='m'\naddress='b@example.com'\n"
	files := func(main string) map[string]string {
		return map[string]string{"main.toml": main, "token": "Bearer 1\n"}
	}
	for _, tc := range []struct {
		name   string
		was    string
		is     string
		change func()
		want   []string // what is not the same any more
	}{
		{name: "nothing", was: aSource + http + relay + mail, is: aSource + http + relay + mail},
		{name: "order, comments, and what is a default", was: relay + aSource + http + mail + aFile, is: "# x\n" + aFile + mail + "order = 'session'\n" + http + relay + aSource},
		{name: "a setting of one", was: aSource + http + aFile, is: aSource + http + aFile + "order='none'\n", want: []string{"f"}},
		{name: "what a secret's file holds", was: aSource + http + aFile, is: aSource + http + aFile,
			change: func() { _ = os.WriteFile("token", []byte("Bearer 2\n"), 0o600) }, want: []string{"h"}},
		{name: "the relay is every email recipient's", was: aSource + http + relay + mail, is: aSource + http + mail + relay + "port=25\n", want: []string{"m"}},
		{name: "defaults are those of whom they concern", was: aSource + http + aFile, is: "[defaults.http]\ntimeout='3s'\n" + aSource + http + aFile, want: []string{"h"}},
		{name: "a kind", was: aSource + aFile, is: aSource + "[[recipients.http]]\nname='f'\nurl='http://localhost/'\n", want: []string{"f"}},
		{name: "a source", was: aSource + aFile, is: aSource + "start='beginning'\n" + aFile, want: []string{"s"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			write(t, files(tc.was))
			was, ps := Load("main.toml")
			if was == nil {
				t.Fatal(ps)
			}
			if tc.change != nil {
				tc.change()
			}
			if err := os.WriteFile("main.toml", []byte(tc.is), 0o600); err != nil {
				t.Fatal(err)
			}
			is, ps := Load("main.toml")
			if is == nil {
				t.Fatal(ps)
			}
			var got []string
			for _, both := range [][2][]Item{{was.Sources(), is.Sources()}, {was.Recipients(), is.Recipients()}} {
				for _, a := range both[0] {
					if !slices.ContainsFunc(both[1], a.Same) {
						got = append(got, a.Name)
					}
				}
			}
			if !slices.Equal(got, tc.want) {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func TestKeepFixed(t *testing.T) {
	const in = "[[sources.stdin]]\nname='in'\nformat='json'\nappliance_id='a'\n"
	for _, tc := range []struct {
		name    string
		was, is string
		want    []string
		wantErr string
	}{
		{name: "nothing", was: aSource + aFile, is: aSource + aFile},
		{name: "the log's level is free, its format isn't", was: aSource + aFile, is: "[log]\nlevel='debug'\nformat='json'\n" + aSource + aFile, want: []string{"log.format"}},
		{name: "all of it", was: aSource + aFile,
			is:   "state_dir='/s'\n[spool]\nkeep='1h'\nmax_bytes='2GiB'\n[shutdown]\ngrace='1s'\n" + aSource + aFile,
			want: []string{"state_dir", "spool.max_bytes", "spool.keep", "shutdown.grace"}},
		{name: "the admin listener's token is free, its address isn't", was: "[admin]\nlisten='localhost:1'\n" + aSource + aFile, is: "[admin]\ntoken='0123456789abcdef'\n" + aSource + aFile, want: []string{"admin.listen"}},
		{name: "standard input", was: aSource + in + aFile, is: aSource + aFile, want: []string{"sources.stdin"}},
		{name: "a line that needs the other spool", was: "[spool]\nmax_bytes='1GiB'\n" + aSource + aFile, is: "[spool]\nmax_bytes='20GiB'\n" + aSource + "max_line='2MiB'\n" + aFile,
			want: []string{"spool.max_bytes"}},
		{name: "a line that the spool can't take", was: "[spool]\nmax_bytes='64MiB'\n" + aSource + "max_line='32KiB'\n" + aFile, is: "[spool]\nmax_bytes='20GiB'\n" + aSource + "max_line='8MiB'\n" + aFile,
			want: []string{"spool.max_bytes"}, wantErr: "source s: max_line = 8MiB needs spool.max_bytes = 20GiB, which needs a restart"},
		{name: "a name that standard input has", was: in + aFile, is: "[[sources.tail]]\nname='in'\npath='/l'\nformat='bg'\nappliance_id='a'\n" + aFile,
			want: []string{"sources.stdin"}, wantErr: "source in: standard input has this name until a restart"},
		{name: "standard input alone", was: aSource + aFile, is: in + aFile, want: []string{"sources.stdin"}, wantErr: "no source is left until a restart"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			was, ps := Parse("/etc/t.toml", []byte(tc.was))
			if was == nil {
				t.Fatal(ps)
			}
			is, ps := Parse("/etc/t.toml", []byte(tc.is))
			if is == nil {
				t.Fatal(ps)
			}
			got, err := is.KeepFixed(was)
			if !slices.Equal(got, tc.want) {
				t.Errorf("got %q, want %q", got, tc.want)
			}
			if err == nil && tc.wantErr != "" || err != nil && err.Error() != tc.wantErr {
				t.Errorf("error %v, want %s", err, tc.wantErr)
			}
			if again, _ := is.KeepFixed(was); len(again) != 0 {
				t.Errorf("%q differ still", again)
			}
		})
	}
}

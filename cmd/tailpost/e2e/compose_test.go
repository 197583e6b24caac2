//go:build e2e

package e2e

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// checkCompose runs the service of examples/docker-compose with what its
// compose.yaml says. (There is no Compose here: its settings become podman's.)
func checkCompose(t *testing.T, p *podman, image string) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("../../../examples/docker-compose")); err != nil {
		t.Fatal(err)
	}
	letIn(t, dir)
	options := composeOptions(t, dir)
	c := &contained{t: t, p: p, dir: dir, name: "composed"}
	p.must(slices.Concat([]string{"run", "--detach", "--name=" + c.name, "--network=none"}, options, []string{image})...)
	c.logs(`"event":"support_conference_`, 3)
	if out, err := p.try("healthcheck", "run", c.name); err != nil {
		t.Errorf("%s: %v", out, err)
	}
	c.checkNobody()
	p.must("stop", c.name)
	if code := p.must("inspect", "--format={{.State.ExitCode}}", c.name); code != "0" {
		t.Errorf("exit code %s", code)
	}
}

// composeOptions gives the settings of the service as podman has them.
func composeOptions(t *testing.T, dir string) (options []string) {
	t.Helper()
	var f struct {
		Services map[string]struct {
			ReadOnly bool     `yaml:"read_only"`
			Tmpfs    []string `yaml:"tmpfs"`
			CapDrop  []string `yaml:"cap_drop"`
			Security []string `yaml:"security_opt"`
			Volumes  []string `yaml:"volumes"`
			Secrets  []string `yaml:"secrets"`
			Grace    string   `yaml:"stop_grace_period"`
		} `yaml:"services"`
		Secrets map[string]map[string]string `yaml:"secrets"`
	}
	if err := yaml.Unmarshal([]byte(readText(t, filepath.Join(dir, "compose.yaml"))), &f); err != nil {
		t.Fatal(err)
	}
	s := f.Services["tailpost"]
	if s.ReadOnly {
		options = append(options, "--read-only", "--read-only-tmpfs=false")
	}
	add := func(option string, values []string) {
		for _, v := range values {
			options = append(options, "--"+option+"="+v)
		}
	}
	add("tmpfs", s.Tmpfs)
	add("cap-drop", s.CapDrop)
	add("security-opt", s.Security)
	for _, v := range s.Volumes {
		if strings.HasPrefix(v, "./") {
			v = filepath.Join(dir, v)
		}
		add("volume", []string{v})
	}
	for _, name := range s.Secrets {
		add("volume", []string{filepath.Join(dir, f.Secrets[name]["file"]) + ":/run/secrets/" + name + ":ro"})
	}
	add("stop-timeout", []string{strings.TrimSuffix(s.Grace, "s")})
	return options
}

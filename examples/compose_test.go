package examples

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"gopkg.in/yaml.v3"
)

// composeFile is what of a compose file is looked at here.
type composeFile struct {
	Services map[string]composeService `yaml:"services"`
	Secrets  map[string]struct {
		File string `yaml:"file"`
	} `yaml:"secrets"`
	Volumes map[string]any `yaml:"volumes"`
}

type composeService struct {
	Build       string   `yaml:"build"`
	ReadOnly    bool     `yaml:"read_only"`
	CapDrop     []string `yaml:"cap_drop"`
	SecurityOpt []string `yaml:"security_opt"`
	Volumes     []string `yaml:"volumes"`
	Secrets     []string `yaml:"secrets"`
	Ports       []string `yaml:"ports"`
	Grace       string   `yaml:"stop_grace_period"`
	Health      struct {
		Test []string `yaml:"test"`
	} `yaml:"healthcheck"`
}

// TestCompose: what compose.yaml mounts is what its configuration reads and
// writes, the port that it could open is the one that the bridge listens on, and
// the container has no rights. (TestContainer, in cmd/tailpost/e2e, runs it so.)
func TestCompose(t *testing.T) {
	const dir = "docker-compose"
	b, err := os.ReadFile(filepath.Join(dir, "compose.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var f composeFile
	if err := yaml.Unmarshal(b, &f); err != nil {
		t.Fatal(err)
	}
	s, ok := f.Services["tailpost"]
	if !ok {
		t.Fatal("no service tailpost")
	}
	if _, err := os.Stat(filepath.Join(dir, s.Build, "Dockerfile")); err != nil {
		t.Error(err)
	}
	c := loadMounted(t, "/etc/tailpost/tailpost.toml", composeMounts(t, dir, f, s), "")
	if _, port, _ := strings.Cut(c.Admin.Listen, ":"); !strings.Contains(string(b), "# ports: [\"127.0.0.1:"+port+":"+port+"\"]\n") || len(s.Ports) > 0 {
		t.Errorf("ports %q, and what it says of others isn't port %s", s.Ports, port)
	}
	grace, err := time.ParseDuration(s.Grace)
	if err != nil || grace <= c.Shutdown.Grace.D()+2*time.Second {
		t.Errorf("it is stopped after %q, and the bridge's grace is %v", s.Grace, c.Shutdown.Grace)
	}
	if !s.ReadOnly || !slices.Equal(s.CapDrop, []string{"ALL"}) || !slices.Equal(s.SecurityOpt, []string{"no-new-privileges:true"}) {
		t.Errorf("it has rights: %+v", s)
	}
	if !slices.Equal(s.Health.Test, []string{"CMD", "tailpost", "health"}) {
		t.Errorf("health check %q", s.Health.Test)
	}
}

// composeMounts gives what stands in the container, and wants all of it to be
// there.
func composeMounts(t *testing.T, dir string, f composeFile, s composeService) (mounts []mount) {
	t.Helper()
	for _, v := range s.Volumes {
		from, rest, _ := strings.Cut(v, ":")
		at, mode, _ := strings.Cut(rest, ":")
		m := mount{at: at, here: filepath.Join(dir, from), readOnly: mode == "ro"}
		if !strings.HasPrefix(from, ".") {
			if _, ok := f.Volumes[from]; !ok {
				t.Errorf("no volume %s", from)
			}
			m.here = t.TempDir()
		}
		mounts = append(mounts, absolute(t, m))
	}
	for _, name := range s.Secrets {
		file := f.Secrets[name].File
		if _, err := os.Stat(filepath.Join(dir, file)); file == "" || err != nil {
			t.Errorf("secret %s: %q, %v", name, file, err)
		}
		mounts = append(mounts, absolute(t, mount{at: "/run/secrets/" + name, here: filepath.Join(dir, file), readOnly: true}))
	}
	return mounts
}

func absolute(t *testing.T, m mount) mount {
	t.Helper()
	here, err := filepath.Abs(m.here)
	if err != nil {
		t.Fatal(err)
	}
	m.here = here
	return m
}

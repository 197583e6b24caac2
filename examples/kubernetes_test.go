package examples

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"gopkg.in/yaml.v3"
)

// manifest is what of Kubernetes' objects is looked at here; each has a part.
type manifest struct {
	Kind     string `yaml:"kind"`
	Metadata struct {
		Name string `yaml:"name"`
	} `yaml:"metadata"`
	Data       map[string]string `yaml:"data"`
	StringData map[string]string `yaml:"stringData"`
	Spec       struct {
		Replicas    int    `yaml:"replicas"`
		ServiceName string `yaml:"serviceName"`
		Selector    any    `yaml:"selector"`
		Pods        struct {
			Labels map[string]any `yaml:"matchLabels"`
		} `yaml:"podSelector"`
		Ports []struct {
			Port       int    `yaml:"port"`
			TargetPort string `yaml:"targetPort"`
		} `yaml:"ports"`
		Template struct {
			Metadata struct {
				Labels map[string]string `yaml:"labels"`
			} `yaml:"metadata"`
			Spec pod `yaml:"spec"`
		} `yaml:"template"`
		Claims []manifest `yaml:"volumeClaimTemplates"`
	} `yaml:"spec"`
}

type pod struct {
	Grace    int `yaml:"terminationGracePeriodSeconds"`
	Security struct {
		NonRoot bool   `yaml:"runAsNonRoot"`
		User    int    `yaml:"runAsUser"`
		Change  string `yaml:"fsGroupChangePolicy"`
		Seccomp struct {
			Type string `yaml:"type"`
		} `yaml:"seccompProfile"`
	} `yaml:"securityContext"`
	Init       []container `yaml:"initContainers"`
	Containers []container `yaml:"containers"`
	Volumes    []struct {
		Name      string `yaml:"name"`
		ConfigMap *struct {
			Name string `yaml:"name"`
		} `yaml:"configMap"`
		Secret *struct {
			Name string `yaml:"secretName"`
		} `yaml:"secret"`
		EmptyDir any `yaml:"emptyDir"`
	} `yaml:"volumes"`
}

type container struct {
	Name    string `yaml:"name"`
	Restart string `yaml:"restartPolicy"`
	Ports   []struct {
		Name string `yaml:"name"`
		Port int    `yaml:"containerPort"`
	} `yaml:"ports"`
	Readiness probe `yaml:"readinessProbe"`
	Liveness  probe `yaml:"livenessProbe"`
	Startup   probe `yaml:"startupProbe"`
	Resources struct {
		Requests, Limits map[string]string
	} `yaml:"resources"`
	Security struct {
		Escalation   *bool `yaml:"allowPrivilegeEscalation"`
		ReadOnly     bool  `yaml:"readOnlyRootFilesystem"`
		Capabilities struct {
			Drop []string `yaml:"drop"`
		} `yaml:"capabilities"`
	} `yaml:"securityContext"`
	Mounts []struct {
		Name     string `yaml:"name"`
		Path     string `yaml:"mountPath"`
		SubPath  string `yaml:"subPath"`
		ReadOnly bool   `yaml:"readOnly"`
	} `yaml:"volumeMounts"`
}

type probe struct {
	HTTP struct {
		Path string `yaml:"path"`
		Port string `yaml:"port"`
	} `yaml:"httpGet"`
	Period  int `yaml:"periodSeconds"`
	Timeout int `yaml:"timeoutSeconds"` // the kubelet's default is 1
	Most    int `yaml:"failureThreshold"`
}

// TestKubernetes: what the pod mounts is what the configuration in the
// ConfigMap reads and writes, names and ports fit together, and the pod goes by
// the restricted standard. (That a ConfigMap's change is taken, by its switch of
// a symbolic link, is shown by TestWatchSees in bridge/config.)
func TestKubernetes(t *testing.T) {
	objects := manifests(t, filepath.Join("kubernetes", "tailpost.yaml"))
	set := objects["StatefulSet"]
	spec := set.Spec.Template.Spec
	if len(spec.Init) != 1 || spec.Init[0].Name != "tailpost" || spec.Init[0].Restart != "Always" {
		t.Fatalf("no sidecar: %+v", spec.Init)
	}
	side := spec.Init[0]
	c := loadMounted(t, "/etc/tailpost/tailpost.toml", podMounts(t, objects, side), "listen")

	_, port, _ := strings.Cut(c.Admin.Listen, ":")
	checkPorts(t, objects["Service"], side, port)
	if set.Spec.Replicas != 1 || set.Spec.ServiceName != objects["Service"].Metadata.Name {
		t.Errorf("%d replicas, service %q", set.Spec.Replicas, set.Spec.ServiceName)
	}
	if grace := time.Duration(spec.Grace) * time.Second; grace < c.Shutdown.Grace.D()+10*time.Second {
		t.Errorf("the pod is killed after %v, and the bridge's grace is %v", grace, c.Shutdown.Grace)
	}
	checkLabels(t, set, objects["Service"].Spec.Selector, objects["NetworkPolicy"].Spec.Pods.Labels)
	checkRestricted(t, spec)
}

// manifests reads the objects of a file, by their kinds.
func manifests(t *testing.T, path string) map[string]manifest {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]manifest{}
	for d := yaml.NewDecoder(bytes.NewReader(b)); ; {
		var m manifest
		if err := d.Decode(&m); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		all[m.Kind] = m
	}
	want := []string{"ConfigMap", "NetworkPolicy", "Secret", "Service", "StatefulSet"}
	if got := slices.Sorted(maps.Keys(all)); !slices.Equal(got, want) {
		t.Fatalf("kinds %q, want %q", got, want)
	}
	return all
}

// podMounts makes the volumes of a container here.
func podMounts(t *testing.T, objects map[string]manifest, c container) (mounts []mount) {
	t.Helper()
	volumes := map[string]map[string]string{} // name to files; nil: none
	for _, v := range objects["StatefulSet"].Spec.Template.Spec.Volumes {
		switch {
		case v.ConfigMap != nil && v.ConfigMap.Name == objects["ConfigMap"].Metadata.Name:
			volumes[v.Name] = objects["ConfigMap"].Data
		case v.Secret != nil && v.Secret.Name == objects["Secret"].Metadata.Name:
			volumes[v.Name] = objects["Secret"].StringData
		case v.EmptyDir != nil:
			volumes[v.Name] = nil
		default:
			t.Errorf("volume %s is of nothing that is there", v.Name)
		}
	}
	for _, claim := range objects["StatefulSet"].Spec.Claims {
		volumes[claim.Metadata.Name] = nil
	}
	for _, m := range c.Mounts {
		files, ok := volumes[m.Name]
		if !ok || m.SubPath != "" {
			t.Errorf("mount %+v: no such volume, or a part of it", m)
		}
		here := t.TempDir()
		for name, text := range files {
			if err := os.WriteFile(filepath.Join(here, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		mounts = append(mounts, mount{at: m.Path, here: here, readOnly: m.ReadOnly})
	}
	return mounts
}

// checkPorts wants probes and the service at the port that the bridge has.
func checkPorts(t *testing.T, service manifest, c container, port string) {
	t.Helper()
	if len(c.Ports) != 1 || c.Ports[0].Name != "admin" || port != "9180" || c.Ports[0].Port != 9180 {
		t.Errorf("ports %+v, and the bridge listens on %s", c.Ports, port)
	}
	if p := service.Spec.Ports; len(p) != 1 || p[0].Port != 9180 || p[0].TargetPort != "admin" {
		t.Errorf("the service's ports %+v", p)
	}
	for _, p := range []struct {
		probe
		want string
	}{{c.Readiness, "/readyz"}, {c.Liveness, "/healthz"}, {c.Startup, "/healthz"}} {
		// The bridge answers within 5 s, also where something hangs.
		if p.HTTP.Path != p.want || p.HTTP.Port != "admin" || p.Timeout < 6 || p.Period < 1 {
			t.Errorf("probe %+v, want %s", p.probe, p.want)
		}
	}
	if least := 30 * time.Minute; time.Duration(c.Startup.Period*c.Startup.Most)*time.Second < least {
		t.Errorf("a start that reads a large spool is ended by %+v, in less than %v", c.Startup, least)
	}
}

func checkLabels(t *testing.T, set manifest, serviceSelector any, guarded map[string]any) {
	t.Helper()
	selector, _ := set.Spec.Selector.(map[string]any)
	match, _ := selector["matchLabels"].(map[string]any)
	serves, _ := serviceSelector.(map[string]any)
	for name, label := range set.Spec.Template.Metadata.Labels {
		if match[name] != label || serves[name] != label || guarded[name] != label {
			t.Errorf("label %s is %v: %v, %v, %v", name, label, match[name], serves[name], guarded[name])
		}
	}
}

// checkRestricted looks at what the pod security standard asks for.
func checkRestricted(t *testing.T, p pod) {
	t.Helper()
	if s := p.Security; !s.NonRoot || s.User != 65532 || s.Seccomp.Type != "RuntimeDefault" || s.Change != "OnRootMismatch" {
		t.Errorf("the pod: %+v", s)
	}
	for _, c := range slices.Concat(p.Init, p.Containers) {
		s := c.Security
		if s.Escalation == nil || *s.Escalation || !s.ReadOnly || !slices.Equal(s.Capabilities.Drop, []string{"ALL"}) {
			t.Errorf("container %s: %+v", c.Name, s)
		}
		if c.Resources.Requests["memory"] == "" || c.Resources.Limits["memory"] == "" {
			t.Errorf("container %s: %+v", c.Name, c.Resources)
		}
	}
}

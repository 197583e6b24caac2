package trial

import (
	"fmt"
	"os/exec"
)

// Build compiles the program into the file out. flags go to go build; "-race"
// is one for what is killed, no flag for what is measured.
func Build(out string, flags ...string) error {
	args := append([]string{"build", "-o", out}, flags...)
	cmd := exec.Command("go", append(args, "github.com/tailpost/tailpost/cmd/tailpost")...)
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go %v: %w\n%s", args, err, text)
	}
	return nil
}

//go:build e2e

package e2e

import (
	"fmt"
	"net/mail"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// eximConfig is a mail server that takes mail for example.com over TLS from
// whoever can log in, and puts all of it into one mailbox, each mail with the
// envelope's recipient on top. Arguments: directory, uid, gid, user, password.
const eximConfig = `
primary_hostname = mail.example.test
exim_user = %[2]s
exim_group = %[3]s
deliver_drop_privilege
never_users =
keep_environment =
spool_directory = %[1]s/spool
log_file_path = %[1]s/log/%%slog
pid_file_path = %[1]s/exim.pid
log_selector = +received_recipients +tls_cipher
host_lookup =
rfc1413_query_timeout = 0s
smtp_accept_queue_per_connection = 0
tls_advertise_hosts = *
tls_certificate = %[1]s/server.pem
tls_privatekey = %[1]s/server.key
acl_smtp_rcpt = rcpt

begin acl
rcpt:
  require authenticated = *
          encrypted = *
          domains = example.com
  accept

begin routers
all:
  driver = accept
  transport = box

begin transports
box:
  driver = appendfile
  directory = %[1]s/Maildir
  maildir_format
  create_directory
  envelope_to_add

begin retry
* * F,1h,1m

begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_advertise_condition = ${if def:tls_in_cipher {yes}{no}}
  server_condition = ${if and{ {eq{$auth2}{%[4]s}} {eq{$auth3}{%[5]s}} } }
  server_set_id = $auth2
login:
  driver = plaintext
  public_name = LOGIN
  server_advertise_condition = ${if def:tls_in_cipher {yes}{no}}
  server_prompts = Username:: : Password::
  server_condition = ${if and{ {eq{$auth1}{%[4]s}} {eq{$auth2}{%[5]s}} } }
  server_set_id = $auth1
`

const (
	mailUser     = "tailpost"
	mailPassword = "c0rrect-horse/battery=staple"
)

// mailServer is exim on a loopback port, with a directory of its own.
type mailServer struct {
	t         *testing.T
	addr, dir string
	caFile    string // PEM, of the certificate's issuer
}

func startMailServer(t *testing.T) *mailServer {
	t.Helper()
	const exim = "/usr/sbin/exim4"
	if _, err := os.Stat(exim); err != nil {
		t.Fatalf("%v; .ci/e2e-packages installs it", err)
	}
	s := &mailServer{t: t, addr: freePort(t), dir: openDir(t)}
	s.caFile = filepath.Join(s.dir, "ca.pem")
	writeCertificates(t, s.dir)
	u := mailOwner(t)
	config := filepath.Join(s.dir, "exim.conf")
	text := fmt.Sprintf(eximConfig, s.dir, u.Uid, u.Gid, mailUser, mailPassword)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"spool", "log"} {
		if err := os.Mkdir(filepath.Join(s.dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	giveAway(t, s.dir, u)

	host, port := hostPort(t, s.addr)
	cmd := exec.Command(exim, "-C", config, "-bdf", "-q10s", "-oX", fmt.Sprintf("<; [%s]:%s", host, port))
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: credential(t, u)}
	var log strings.Builder
	cmd.Stdout, cmd.Stderr = &log, &log
	cmd.WaitDelay = 5 * time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // the daemon and its children
		cmd.Wait()
		if t.Failed() {
			t.Logf("exim: %s\n%s", log.String(), s.log("mainlog"))
		}
	})
	eventually(t, 10*time.Second, "listening: exim", func() bool { return answers(s.addr) })
	return s
}

// openDir makes a directory that another user can reach: what t.TempDir gives
// lies in one that is ours alone.
func openDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "tailpost-mail-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// mailOwner is who the server runs as: exim refuses to deliver as root.
func mailOwner(t *testing.T) *user.User {
	t.Helper()
	u, err := user.Current()
	if err == nil && u.Uid == "0" {
		u, err = user.Lookup("Debian-exim")
	}
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// credential is nil where the server runs as we do.
func credential(t *testing.T, u *user.User) *syscall.Credential {
	t.Helper()
	uid, gid := ids(t, u)
	if uid == os.Getuid() {
		return nil
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
}

func ids(t *testing.T, u *user.User) (uid, gid int) {
	t.Helper()
	uid, err := strconv.Atoi(u.Uid)
	if err != nil {
		t.Fatal(err)
	}
	if gid, err = strconv.Atoi(u.Gid); err != nil {
		t.Fatal(err)
	}
	return uid, gid
}

// giveAway makes all that lies under dir the user's.
func giveAway(t *testing.T, dir string, u *user.User) {
	t.Helper()
	uid, gid := ids(t, u)
	if uid == os.Getuid() {
		return
	}
	err := filepath.Walk(dir, func(path string, _ os.FileInfo, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, uid, gid)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// log gives one of the server's logs: mainlog or rejectlog.
func (s *mailServer) log(name string) string {
	b, err := os.ReadFile(filepath.Join(s.dir, "log", name))
	if err != nil && !os.IsNotExist(err) {
		s.t.Error(err)
	}
	return string(b)
}

// accepted gives the log's lines of the mails that the server has taken.
func (s *mailServer) accepted() []string {
	var out []string
	for line := range strings.Lines(s.log("mainlog")) {
		if strings.Contains(line, " <= ") {
			out = append(out, line)
		}
	}
	return out
}

// mailbox gives the n mails that the server has taken, in no order, once they
// are all delivered and no other is on its way.
func (s *mailServer) mailbox(n int) []*mail.Message {
	s.t.Helper()
	var names []string
	eventually(s.t, timeToArrive, fmt.Sprintf("delivered: %d mails", n), func() bool {
		completed := strings.Count(s.log("mainlog"), " Completed\n")
		names, _ = filepath.Glob(filepath.Join(s.dir, "Maildir", "new", "*"))
		return completed >= n && completed == len(s.accepted()) && len(names) >= n
	})
	return readMails(s.t, names, n)
}

// readMails reads n mails of a Maildir, which must be all there are.
func readMails(t *testing.T, names []string, n int) (out []*mail.Message) {
	t.Helper()
	if len(names) != n {
		t.Fatalf("%d mails in the mailbox, want %d", len(names), n)
	}
	for _, name := range names {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		m, err := mail.ReadMessage(f)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		out = append(out, m)
	}
	return out
}

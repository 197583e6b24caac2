//go:build e2e

package e2e

import (
	"fmt"
	"net"
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

// postfixTree is where .ci/e2e-packages unpacks Debian's Postfix: installed,
// it would push out exim.
const postfixTree = "/var/cache/tailpost-e2e/postfix"

// postfixMain is a server that takes mail for example.com, encrypted and from
// whoever logs in, and puts it into one maildir. Arguments: directory, tree,
// the mailbox owner's uid.
const postfixMain = `
compatibility_level = 3.6
queue_directory = %[1]s/queue
data_directory = %[1]s/data
daemon_directory = %[2]s/usr/lib/postfix/sbin
command_directory = %[2]s/usr/sbin
shlib_directory = %[2]s/usr/lib/postfix
meta_directory = %[2]s/etc/postfix
mail_owner = ` + postfixOwner + `
setgid_group = ` + postfixGroup + `
default_privs = nobody
import_environment = MAIL_CONFIG MAIL_LOGTAG LD_LIBRARY_PATH
maillog_file = %[1]s/mail.log
maillog_file_prefixes = %[1]s
myhostname = mail.example.test
mydestination =
alias_maps =
alias_database =
local_recipient_maps =
inet_interfaces = loopback-only
inet_protocols = ipv4
virtual_mailbox_domains = example.com
virtual_mailbox_maps = static:all/
virtual_mailbox_base = %[1]s/box
virtual_uid_maps = static:%[3]d
virtual_gid_maps = static:%[3]d
virtual_minimum_uid = 1
smtpd_peername_lookup = no
smtpd_tls_cert_file = %[1]s/server.pem
smtpd_tls_key_file = %[1]s/server.key
smtpd_tls_loglevel = 1
smtpd_tls_auth_only = yes
smtpd_sasl_auth_enable = yes
smtpd_sasl_local_domain = $myhostname
smtpd_relay_restrictions = permit_sasl_authenticated, reject
smtpd_recipient_restrictions = check_recipient_access inline:{nobody@example.com=REJECT}, permit_sasl_authenticated, reject
`

// postfixMaster are its services. Arguments: the ports with STARTTLS and with
// TLS at once.
const postfixMaster = `
127.0.0.1:%[1]s inet n - n - - smtpd -o smtpd_tls_security_level=encrypt
127.0.0.1:%[2]s inet n - n - - smtpd -o smtpd_tls_wrappermode=yes
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
proxymap unix - - n - - proxymap
error unix - - n - - error
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
`

// Whose the queue is. Postfix wants a user and a group of its own; these stand
// in every Debian and own nothing here.
const (
	postfixOwner = "mail"
	postfixGroup = "news"
)

// postfix is a running Postfix with a directory of its own.
type postfix struct {
	t             *testing.T
	dir           string
	starttls, tls string // ports
}

func startPostfix(t *testing.T) *postfix {
	t.Helper()
	master := filepath.Join(postfixTree, "usr/lib/postfix/sbin/master")
	if _, err := os.Stat(master); err != nil {
		t.Fatalf("%v; .ci/e2e-packages unpacks it", err)
	}
	if os.Getuid() != 0 {
		t.Fatal("Postfix can be started by root alone")
	}
	p := &postfix{t: t, dir: openDir(t)}
	if err := os.Chmod(p.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	writeCertificates(t, p.dir)
	_, p.starttls = hostPort(t, freePort(t))
	_, p.tls = hostPort(t, freePort(t))
	p.lay()
	cmd := exec.Command(master, "-c", filepath.Join(p.dir, "conf"), "-d")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Env = append(os.Environ(), "LD_LIBRARY_PATH="+filepath.Join(postfixTree, "usr/lib/postfix"))
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.WaitDelay = 5 * time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // the master and its children
		cmd.Wait()
		if t.Failed() {
			t.Logf("postfix: %s\n%s", out.String(), p.log())
		}
	})
	eventually(t, 10*time.Second, "listening: Postfix", func() bool {
		return answers(net.JoinHostPort("127.0.0.1", p.starttls)) && answers(net.JoinHostPort("127.0.0.1", p.tls))
	})
	return p
}

// lay makes the directories, the configuration and the one user's password.
func (p *postfix) lay() {
	p.t.Helper()
	owner, group := p.ids()
	for _, d := range []struct {
		name     string
		mode     os.FileMode
		uid, gid int
	}{
		{"conf/sasl", 0o755, 0, 0}, {"queue/pid", 0o755, 0, 0}, {"data", 0o700, owner, 0}, {"box", 0o700, owner, 0},
		{"queue/public", 0o710, owner, group}, {"queue/maildrop", 0o730 | os.ModeSticky, owner, group},
		{"queue/active", 0o700, owner, 0}, {"queue/bounce", 0o700, owner, 0}, {"queue/corrupt", 0o700, owner, 0},
		{"queue/defer", 0o700, owner, 0}, {"queue/deferred", 0o700, owner, 0}, {"queue/flush", 0o700, owner, 0},
		{"queue/hold", 0o700, owner, 0}, {"queue/incoming", 0o700, owner, 0}, {"queue/private", 0o700, owner, 0},
		{"queue/saved", 0o700, owner, 0}, {"queue/trace", 0o700, owner, 0},
	} {
		path := filepath.Join(p.dir, d.name)
		if err := os.MkdirAll(path, 0o755); err != nil {
			p.t.Fatal(err)
		}
		if err := os.Chown(path, d.uid, d.gid); err != nil {
			p.t.Fatal(err)
		}
		if err := os.Chmod(path, d.mode); err != nil {
			p.t.Fatal(err)
		}
	}
	p.write("conf/main.cf", fmt.Sprintf(postfixMain, p.dir, postfixTree, owner))
	p.write("conf/master.cf", fmt.Sprintf(postfixMaster, p.starttls, p.tls))
	users := filepath.Join(p.dir, "sasldb2")
	p.write("conf/sasl/smtpd.conf", "pwcheck_method: auxprop\nauxprop_plugin: sasldb\nsasldb_path: "+users+"\nmech_list: PLAIN LOGIN CRAM-MD5\n")
	passwd := exec.Command(filepath.Join(postfixTree, "usr/sbin/saslpasswd2"), "-p", "-c", "-f", users, "-u", "mail.example.test", mailUser)
	passwd.Stdin = strings.NewReader(mailPassword)
	if out, err := passwd.CombinedOutput(); err != nil {
		p.t.Fatalf("saslpasswd2: %v: %s", err, out)
	}
	if err := os.Chown(users, owner, 0); err != nil {
		p.t.Fatal(err)
	}
}

func (p *postfix) write(name, text string) {
	p.t.Helper()
	if err := os.WriteFile(filepath.Join(p.dir, name), []byte(text), 0o644); err != nil {
		p.t.Fatal(err)
	}
}

func (p *postfix) ids() (owner, group int) {
	p.t.Helper()
	u, err := user.Lookup(postfixOwner)
	if err != nil {
		p.t.Fatal(err)
	}
	g, err := user.LookupGroup(postfixGroup)
	if err != nil {
		p.t.Fatal(err)
	}
	owner, err = strconv.Atoi(u.Uid)
	if err != nil {
		p.t.Fatal(err)
	}
	if group, err = strconv.Atoi(g.Gid); err != nil {
		p.t.Fatal(err)
	}
	return owner, group
}

func (p *postfix) log() string {
	b, err := os.ReadFile(filepath.Join(p.dir, "mail.log"))
	if err != nil && !os.IsNotExist(err) {
		p.t.Error(err)
	}
	return string(b)
}

// mailbox gives the n mails that have been delivered, one for each address, in
// no order, once no other is on its way.
func (p *postfix) mailbox(n int) []*mail.Message {
	p.t.Helper()
	var names []string
	eventually(p.t, timeToArrive, fmt.Sprintf("delivered: %d mails", n), func() bool {
		log := p.log()
		removed := strings.Count(log, ": removed\n")
		names, _ = filepath.Glob(filepath.Join(p.dir, "box/all/new/*"))
		return removed > 0 && removed == strings.Count(log, ": client=") && len(names) >= n
	})
	return readMails(p.t, names, n)
}

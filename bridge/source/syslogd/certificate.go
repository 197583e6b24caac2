package syslogd

import (
	"crypto/tls"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/rs/zerolog"
)

// certificate is a certificate in files, read again when they change, so that
// a renewal needs no restart.
type certificate struct {
	certFile, keyFile string
	log               zerolog.Logger

	mu   sync.Mutex
	read *tls.Certificate
	was  [2]stamp // of the files when they were looked at last
}

// stamp tells one state of a file from another.
type stamp struct {
	size    int64
	changed time.Time
}

// get gives the certificate for a handshake. If the files can't be read, it is
// the one before.
func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := [2]stamp{look(c.certFile), look(c.keyFile)}
	if c.read != nil && now == c.was {
		return c.read, nil
	}
	c.was = now
	pair, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	switch {
	case err == nil && c.read != nil:
		c.log.Info().Msg("the certificate has been renewed")
		c.read = &pair
	case err == nil:
		c.read = &pair
	case c.read == nil:
		return nil, fmt.Errorf("read the certificate: %w", err)
	default:
		c.log.Warn().Err(err).Msg("the new certificate can't be read: the old one stays")
	}
	return c.read, nil
}

func look(path string) stamp {
	is, err := os.Stat(path)
	if err != nil {
		return stamp{}
	}
	return stamp{size: is.Size(), changed: is.ModTime()}
}

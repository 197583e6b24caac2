package tail

import (
	"io"
	"os"
)

// body is what a held file holds: plain bytes, however they are stored.
type body interface {
	io.ReaderAt
	// stat asks the file again. Its size is that of the plain bytes.
	stat() (fileStat, error)
	Close() error
}

// plain is a file that holds its lines as they are.
type plain struct{ *os.File }

func (p plain) stat() (fileStat, error) { return statFile(p.File) }

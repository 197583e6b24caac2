package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
)

// standInCurl does what examples ask of curl: it posts -d, or with
// --data-binary @- its standard input, with the headers of -H.
func standInCurl() {
	var url, kind string
	var body io.Reader
	for args := os.Args[1:]; len(args) > 0; args = args[1:] {
		switch args[0] {
		case "-d":
			body, kind, args = strings.NewReader(args[1]), "application/x-www-form-urlencoded", args[1:]
		case "--data-binary":
			body, args = os.Stdin, args[1:]
		case "-H":
			kind, args = strings.TrimPrefix(args[1], "Content-Type: "), args[1:]
		default:
			url = args[0]
		}
	}
	resp, err := http.Post(url, kind, body)
	standInFails(err)
	defer resp.Body.Close()
	_, err = io.Copy(os.Stdout, resp.Body)
	standInFails(err)
}

// standInNC does what examples ask of nc -UN: it sends its standard input to
// a Unix socket, and prints the answers.
func standInNC() {
	c, err := net.Dial("unix", os.Args[2])
	standInFails(err)
	_, err = io.Copy(c, os.Stdin)
	standInFails(err)
	standInFails(c.(*net.UnixConn).CloseWrite())
	_, err = io.Copy(os.Stdout, c)
	standInFails(err)
}

func standInFails(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

package main

import (
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/tailpost/tailpost/bridge"
)

// demoLine is a line of the sample session. Without an event it is the first
// part of a message.
type demoLine struct {
	text, event, timestamp string
}

// sampleSession is a session as an appliance's log may have it: all seven
// events, the customer's survey in two parts.
func sampleSession(start time.Time) []demoLine {
	const lsid = "e9e99aeb9ad54fb381634498502c5a1b"
	when := start.Unix()
	header := func() string {
		return fmt.Sprintf("<133>%s support BG[4711]: 1427:", start.UTC().Format(time.Stamp))
	}
	line := func(event, fields string) demoLine {
		when++
		t := strconv.FormatInt(when, 10)
		return demoLine{event: event, timestamp: t, text: header() + "01:01:event=" + event +
			";site=support.example.com;when=" + t + ";lsid=" + lsid + fields}
	}
	const key = `;external_key=INC\=0010023`
	survey := line(bridge.EventCustomerSurvey, key+";survey:1:name=rating;survey:1:label=How did we do?;survey:1:ans")
	survey.text = header() + "01:02:" + survey.text[len(header()+"01:01:"):]
	rest := demoLine{event: survey.event, timestamp: survey.timestamp, text: header() + "02:02:wer=5"}
	survey.event = ""
	return []demoLine{
		line(bridge.EventBegin, ";external_key="),
		line(bridge.EventOwnerChanged, ";external_key=;conference_id=7;conference_name=Tier 1"),
		line(bridge.EventMemberAdded, key+";type=representative;name=Ada Example;username=ada;user_id=1;gsnumber=21"),
		line(bridge.EventMemberAdded, key+";type=customer;name=Zoë Müller;gsnumber=22;hostname=WS01;os=Windows 11"),
		line(bridge.EventMemberDeparted, key+";type=customer;name=Zoë Müller;gsnumber=22"),
		survey,
		rest,
		line(bridge.EventRepSurvey, key+";survey:2:name=solved;survey:2:label=Solved?;survey:2:answer=yes"),
		line(bridge.EventEnd, key),
	}
}

// demoLog is the log that the demo writes, opened anew after a rotation.
type demoLog struct {
	path string
	f    *os.File
}

func newDemoLog(path string) (*demoLog, error) {
	l := &demoLog{path: path}
	return l, l.open()
}

func (l *demoLog) open() (err error) {
	l.f, err = os.OpenFile(l.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	return err
}

func (l *demoLog) append(line string) error {
	_, err := l.f.WriteString(line + "\n")
	return err
}

// rotate renames the log and begins a new one, as logrotate does.
func (l *demoLog) rotate() error {
	if err := os.Rename(l.path, l.path+".1"); err != nil {
		return err
	}
	if err := l.f.Close(); err != nil {
		return err
	}
	return l.open()
}

func (l *demoLog) close() { _ = l.f.Close() }

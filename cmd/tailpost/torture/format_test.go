//go:build torture

package torture

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// formOf gives the variables of a form body for the message.
func formOf(m *message) map[string]string {
	form := map[string]string{"version": "1", "appliance_id": applianceID, "timestamp": strconv.FormatInt(m.when.Unix(), 10)}
	names := map[string]string{} // of a survey's questions
	member := strings.Contains(m.fields[0].value, "_member_")
	for _, f := range m.fields {
		switch id, part, ok := strings.Cut(strings.TrimPrefix(f.name, "survey:"), ":"); {
		case strings.HasPrefix(f.name, "custom:"):
			form[strings.TrimPrefix(f.name, "custom:")] = f.value
		case ok && part == "name":
			names[id] = f.value
		case ok && part == "answer":
			form["survey_"+names[id]] = f.value
		case ok:
		case f.name == "event", f.name == "lsid", f.name == "external_key", f.name == "username", f.name == "user_id",
			f.name == "conference_id", f.name == "conference_name", member && (f.name == "name" || f.name == "type"):
			form[f.name] = f.value
		}
	}
	return form
}

var escape = strings.NewReplacer(`\`, `\\`, `=`, `\=`, `;`, `\;`)

// segmentBytes is where the appliance cuts a message.
const segmentBytes = 1000

// bgLines gives the message as the appliance's syslog has it, cut anywhere
// where it is long.
func bgLines(a *author, m *message) []string {
	var b strings.Builder
	fmt.Fprintf(&b, "site=%s;when=%d", applianceID, m.when.Unix())
	for _, f := range m.fields {
		b.WriteString([...]string{";", "; "}[a.rng.IntN(2)] + f.name + "=" + escape.Replace(f.value))
	}
	payload := b.String()
	total := (len(payload) + segmentBytes - 1) / segmentBytes
	// The parts of two messages are told apart by their process alone.
	head := a.header(m, 1000+m.key.n%60_000)
	var lines []string
	for i := range total {
		part := payload[i*segmentBytes : min(len(payload), (i+1)*segmentBytes)]
		lines = append(lines, fmt.Sprintf("%s1427:%02d:%02d:%s\n", head, i+1, total, part))
	}
	if total > 1 && a.rng.IntN(4) == 0 { // they may come in another order
		lines[0], lines[total-1] = lines[total-1], lines[0]
	}
	return lines
}

// header gives one of those that are met in the field.
func (a *author) header(m *message, pid int) string {
	at := m.when.UTC()
	switch a.rng.IntN(6) {
	case 0:
		return at.Format("Jan _2 15:04:05") + fmt.Sprintf(" appliance BG[%d]:", pid)
	case 1:
		return "<133>" + at.Format("Jan 2 15:04:05") + fmt.Sprintf(" appliance BG[%d] ", pid)
	case 2:
		return "<133>1 " + at.Format("2006-01-02T15:04:05+00:00") + fmt.Sprintf(" appliance BG %d - [meta sequenceId=\"46\"] ", pid)
	case 3:
		return at.Format("2006-01-02T15:04:05+00:00") + fmt.Sprintf(" appliance BG[%d]: ", pid)
	}
	return "<133>" + at.Format("Jan _2 15:04:05") + fmt.Sprintf(" appliance BG[%d]: ", pid)
}

// bgNoise gives a line that no event comes of.
func bgNoise(a *author) string {
	at := a.begin.UTC().Format("Jan _2 15:04:05")
	return [...]string{
		"<133>" + at + " appliance BG[4711]: 1427:01:01:site=access.example.com;who=John Smith(jsmith); event=login;target=web/login;status=success\n",
		at + " appliance sshd[12]: Accepted key for admin\n",
		"\n",
	}[a.rng.IntN(3)]
}

// jsonLines gives the message as a script writes it.
func jsonLines(_ *author, m *message) []string {
	custom := map[string]string{}
	object := map[string]any{"timestamp": m.when.Unix(), "custom": custom, "sender_id": m.key.String()}
	for _, f := range m.fields {
		if code, ok := strings.CutPrefix(f.name, "custom:"); ok {
			custom[code] = f.value
		} else if !strings.HasPrefix(f.name, "survey:") {
			object[f.name] = f.value
		}
	}
	var survey []map[string]string
	for name, answer := range m.form {
		if name, ok := strings.CutPrefix(name, "survey_"); ok {
			survey = append(survey, map[string]string{"name": name, "answer": answer})
		}
	}
	if survey != nil {
		object["survey"] = survey
	}
	b, err := json.Marshal(object)
	if err != nil {
		panic(err)
	}
	return []string{string(b) + "\n"}
}

func jsonNoise(*author) string {
	return `{"event_type":"Conference Member State Changed","timestamp":"1733240460"}` + "\n"
}

// formOfJSON gives the same variables for a canonical event.
func formOfJSON(b []byte) (id string, form map[string]string, err error) {
	var e struct {
		ID     string
		Custom map[string]string
		Survey []struct{ Name, Answer string }
	}
	var all map[string]any
	d := json.NewDecoder(strings.NewReader(string(b)))
	d.UseNumber()
	if err := d.Decode(&all); err != nil {
		return "", nil, err
	}
	if err := json.Unmarshal(b, &e); err != nil {
		return "", nil, err
	}
	form = map[string]string{}
	for _, name := range []string{"event", "version", "timestamp", "appliance_id", "lsid", "external_key", "username", "user_id",
		"conference_id", "conference_name"} {
		if v, ok := all[name]; ok {
			form[name] = fmt.Sprint(v)
		}
	}
	if strings.Contains(form["event"], "_member_") {
		form["name"], form["type"] = fmt.Sprint(all["name"]), fmt.Sprint(all["type"])
	}
	for code, v := range e.Custom {
		form[code] = v
	}
	for _, s := range e.Survey {
		form["survey_"+s.Name] = s.Answer
	}
	return e.ID, form, nil
}

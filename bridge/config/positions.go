package config

// place is where something stands in a file, and what is in it: the library
// reads the values, but keeps no positions of keys.
type place struct {
	line, col int // of the key, or of a table's bracket; from 1, col in characters
	keys      map[string]*place
	items     []*place // of an array
}

// key gives the place of a key in a table, or nil.
func (p *place) key(name string) *place {
	if p == nil {
		return nil
	}
	return p.keys[name]
}

// item gives the place of an array's i-th element, or nil.
func (p *place) item(i int) *place {
	if p == nil || i < 0 || i >= len(p.items) {
		return nil
	}
	return p.items[i]
}

// child gives the place of a key, and makes it where there is none yet.
func (p *place) child(name string, line, col int) *place {
	if p.keys == nil {
		p.keys = map[string]*place{}
	}
	c := p.keys[name]
	if c == nil {
		c = &place{line: line, col: col}
		p.keys[name] = c
	}
	return c
}

// last is the table that further keys of p go to: of an array its last item.
func (p *place) last() *place {
	if n := len(p.items); n > 0 {
		return p.items[n-1]
	}
	return p
}

// locate finds the places of all keys in a text that the library has read
// without an error, a byte order mark cut off. Of any other text it finds
// what it can.
func locate(text string) *place {
	root := &place{line: 1, col: 1}
	s := &scanner{text: text, line: 1}
	table := root
	for s.skipBlank(true); s.pos < len(s.text); s.skipBlank(true) {
		from := s.pos
		if s.peek() == '[' {
			table = s.header(root)
		} else {
			s.pair(table)
		}
		if s.pos == from { // no TOML
			break
		}
	}
	return root
}

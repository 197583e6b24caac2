package config

import "reflect"

// isTables reports whether a field takes a table of tables with free names,
// each with the settings of one struct: message of [[recipients.email]].
func isTables(f reflect.Value) bool {
	return f.Kind() == reflect.Map && f.Type().Elem().Kind() == reflect.Struct && isTable(reflect.New(f.Type().Elem()).Elem())
}

// setTables fills a field that isTables. Like every table, a recipient's takes
// the place of the defaults'.
func (l *loader) setTables(t *table, key string, f reflect.Value) {
	f.SetZero()
	all, ok := l.sub(t, key)
	if !ok {
		t.markBad(key)
		return
	}
	f.Set(reflect.MakeMap(f.Type()))
	for _, name := range all.keys() {
		one, ok := l.sub(all, name)
		if !ok {
			t.markBad(key)
			continue
		}
		v := reflect.New(f.Type().Elem())
		l.decode(one, nil, v.Interface())
		f.SetMapIndex(reflect.ValueOf(name), v.Elem())
		if len(one.bad) > 0 {
			t.markBad(key)
		}
	}
}

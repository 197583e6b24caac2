package bridge

import "testing"

func TestEveryFieldIsDescribed(t *testing.T) {
	for i, d := range FieldDocs() {
		if d.Doc == "" || d.Name != Tokens()[i] {
			t.Errorf("field %d, %s: %+v", i, Tokens()[i], d)
		}
	}
}

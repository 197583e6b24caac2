package page

import (
	"embed"
	"net/http"
)

//go:embed static
var assetFiles embed.FS

// assets serves what pages are made with.
func (p *page) assets(mux *http.ServeMux) {
	for name, kind := range map[string]string{
		"page.css": "text/css; charset=utf-8",
		"page.js":  "text/javascript; charset=utf-8",
		"icon.svg": "image/svg+xml",
	} {
		b, err := assetFiles.ReadFile("static/" + name)
		if err != nil {
			panic("page: " + err.Error())
		}
		mux.HandleFunc("GET /"+name, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", kind)
			_, _ = w.Write(b)
		})
	}
}

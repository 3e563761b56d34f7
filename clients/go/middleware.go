package rateguard

import "net/http"

// Middleware is for net/http and for every router that takes func(http.Handler) http.Handler, chi among them. It fails with an
// OptionError for a wrong option.
func (c *Client) Middleware(site Site) (func(http.Handler) http.Handler, error) {
	return c.MiddlewareRefusing(site, nil)
}

// MiddlewareRefusing lets refuse answer refused requests in place of the problem document. Header fields are set already; the
// status, decision.RefusalStatus(), is to be written.
func (c *Client) MiddlewareRefusing(site Site, refuse func(w http.ResponseWriter, r *http.Request, decision Decision)) (func(http.Handler) http.Handler, error) {
	gate, err := c.Gate(site)
	if err != nil {
		return nil, err
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			verdict := gate.Decide(HTTPView(r))
			if verdict == nil {
				next.ServeHTTP(w, r)
				return
			}
			for _, field := range verdict.Headers {
				w.Header().Set(field.Name, field.Value)
			}
			switch {
			case verdict.Decision.Allowed:
				defer gate.Done(verdict)
				next.ServeHTTP(w, r)
			case refuse != nil:
				refuse(w, r, verdict.Decision)
			default:
				w.Header().Set("Content-Type", "application/problem+json")
				w.WriteHeader(verdict.Status)
				_, _ = w.Write(verdict.Body)
			}
		})
	}, nil
}

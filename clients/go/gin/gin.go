// Package rateguardgin is middleware for gin.
package rateguardgin

import (
	"github.com/gin-gonic/gin"
	rateguard "github.com/rateguard/rateguard/clients/go"
)

// Middleware fails with an OptionError for a wrong option. refuse, where not nil, answers refused requests in place of the problem
// document: header fields are set already, the status, decision.RefusalStatus(), is to be written, and the chain is aborted.
func Middleware(client *rateguard.Client, site rateguard.Site, refuse func(*gin.Context, rateguard.Decision)) (gin.HandlerFunc, error) {
	gate, err := client.Gate(site)
	if err != nil {
		return nil, err
	}
	return func(c *gin.Context) {
		verdict := gate.Decide(rateguard.HTTPView(c.Request))
		if verdict == nil {
			c.Next()
			return
		}
		for _, field := range verdict.Headers {
			c.Header(field.Name, field.Value)
		}
		switch {
		case verdict.Decision.Allowed:
			defer gate.Done(verdict)
			c.Next()
		case refuse != nil:
			c.Abort()
			refuse(c, verdict.Decision)
		default:
			c.Abort()
			c.Data(verdict.Status, "application/problem+json", verdict.Body)
		}
	}, nil
}

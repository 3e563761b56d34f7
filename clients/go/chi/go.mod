module github.com/rateguard/rateguard/clients/go/chi

go 1.21

require (
	github.com/go-chi/chi/v5 v5.1.0
	github.com/rateguard/rateguard/clients/go v0.1.0
)

replace github.com/rateguard/rateguard/clients/go => ../

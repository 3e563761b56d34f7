module github.com/rateguard/rateguard/clients/go

go 1.21

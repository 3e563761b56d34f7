#!/usr/bin/env bash
# Software: gopkg.in/yaml.v2 v2.4.0 and gopkg.in/yaml.v3 v3.0.1 (Go modules; needs go), which envoyproxy/ratelimit and many others read
#           their files with.
# Expected: a mapping's own key wins over one that a merge key (`<<`) brings, wherever the `<<` stands in it (YAML's merge key type).
# Seen:     yaml.v2 lets the later of the two win: a key that is written before the `<<` is overwritten by the merged one, without an
#           error. yaml.v3 has the mapping's own key win. So an override that is moved above its `<<` changes the limit.
# Output:   v2  own key after <<: 9   own key before <<: 5
#           v3  own key after <<: 9   own key before <<: 9
set -euo pipefail

folder=$(mktemp -d)
trap 'chmod -R u+w "$folder"; rm -rf "$folder"' EXIT
cd "$folder"
export GOMODCACHE=$folder/modules GOFLAGS=-mod=mod
cat >go.mod <<'MOD'
module finding

go 1.19

require (
	gopkg.in/yaml.v2 v2.4.0
	gopkg.in/yaml.v3 v3.0.1
)
MOD
cat >main.go <<'GO'
package main

import (
	"fmt"

	v2 "gopkg.in/yaml.v2"
	v3 "gopkg.in/yaml.v3"
)

const text = `
base: &base {requests_per_unit: 5}
after: {<<: *base, requests_per_unit: 9}
before: {requests_per_unit: 9, <<: *base}
`

func show(name string, unmarshal func([]byte, interface{}) error) {
	var read map[string]map[string]int
	if err := unmarshal([]byte(text), &read); err != nil {
		panic(err)
	}
	fmt.Printf("%s  own key after <<: %d   own key before <<: %d\n", name, read["after"]["requests_per_unit"],
		read["before"]["requests_per_unit"])
}

func main() {
	show("v2", v2.Unmarshal)
	show("v3", v3.Unmarshal)
}
GO
seen=$(go run . 2>errors) || { cat errors >&2; exit 1; }
echo "$seen"
[ "$seen" = 'v2  own key after <<: 9   own key before <<: 5
v3  own key after <<: 9   own key before <<: 9' ]

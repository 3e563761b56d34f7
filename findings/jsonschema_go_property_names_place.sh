#!/usr/bin/env bash
# Software: github.com/santhosh-tekuri/jsonschema/v6 6.0.3 (Go), which Helm 3.22.0 checks a chart's values with. Needs Go 1.21.
# Expected: a name that `propertyNames` forbids is reported at the object that has the name, as every other fault is.
# Seen:     it is reported at any property that was looked at before, mostly another object of the document, which differs from
#           run to run with Go's order of maps: a user of a chart is sent to a value that is right. `patternProperties` with
#           `additionalProperties: false` says the same, and is reported at its place each time.
# Output:   propertyNames:     30 runs, places /env /image /labels
#           patternProperties: 30 runs, places /env
set -euo pipefail

folder=$(mktemp -d)
trap 'chmod -R u+w "$folder"; rm -rf "$folder"' EXIT
cd "$folder"
cat > main.go <<'GO'
package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

func place(e *jsonschema.ValidationError) string {
	for len(e.Causes) > 0 {
		if len(e.InstanceLocation) > 0 {
			break
		}
		e = e.Causes[0]
	}
	return "/" + strings.Join(e.InstanceLocation, "/")
}

func main() {
	schema, _ := jsonschema.UnmarshalJSON(strings.NewReader(os.Args[1]))
	value, _ := jsonschema.UnmarshalJSON(strings.NewReader(`{"env": {"LOG": "1"}, "image": {"tag": "a"}, "labels": {}}`))
	compiler := jsonschema.NewCompiler()
	compiler.AddResource("schema.json", schema)
	var fault *jsonschema.ValidationError
	if errors.As(compiler.MustCompile("schema.json").Validate(value), &fault) {
		fmt.Println(place(fault))
	}
}
GO
export GOPATH="$folder/go" GOFLAGS=-mod=mod
go mod init example.org/place 2> /dev/null
go get github.com/santhosh-tekuri/jsonschema/v6@v6.0.3 2> /dev/null
go build -o place .

others='"image": {"type": "object", "properties": {"tag": {"type": "string"}}}, "labels": {"type": "object"}'
places() { for _ in $(seq 30); do ./place "{\"type\": \"object\", \"properties\": {\"env\": $1, $others}}"; done | sort -u | tr '\n' ' '; }
names=$(places '{"propertyNames": {"pattern": "^APP_"}}')
patterns=$(places '{"patternProperties": {"^APP_": {}}, "additionalProperties": false}')
echo "propertyNames:     30 runs, places $names"
echo "patternProperties: 30 runs, places $patterns"
[ "$patterns" = '/env ' ] && [ "$names" != '/env ' ]

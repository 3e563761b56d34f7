#!/usr/bin/env bash
# Software: ratelimit-header-parser 0.1.0 (npm; needs node), the parser of the authors of express-rate-limit.
# Expected: the RateLimit field of draft-ietf-httpapi-ratelimit-headers-08 and later, "default";r=50;t=30, which it does not know, is
#           passed over: parseRateLimit() gives undefined, as it does where there is no field, or reads the X-RateLimit fields
#           that are there as well.
# Seen:     any RateLimit field is taken for one of draft 7. The answer is an object of NaN and an invalid date, so that
#           `if (limits)` holds, `limits.remaining === 0` never does, and X-RateLimit-Remaining beside it is not read.
# Output:   draft 7:                {"limit":100,"used":50,"remaining":50,"reset":"Date"}
#           draft 10:               {"limit":null,"used":null,"remaining":null,"reset":"Invalid Date"}
#           draft 10 and X- fields: {"limit":null,"used":null,"remaining":null,"reset":"Invalid Date"}
#           X- fields alone:        {"limit":100,"used":50,"remaining":50,"reset":"Date"}
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --prefix "$folder" ratelimit-header-parser@0.1.0
cat >parse.mjs <<'SCRIPT'
import { parseRateLimit } from 'ratelimit-header-parser'
const x = { 'x-ratelimit-limit': '100', 'x-ratelimit-remaining': '50', 'x-ratelimit-reset': '30' }
const show = (name, headers) => {
  const found = parseRateLimit(headers)
  if (found) found.reset = Number.isNaN(found.reset.getTime()) ? 'Invalid Date' : 'Date'
  console.log(name.padEnd(23), JSON.stringify(found))
}
show('draft 7:', { ratelimit: 'limit=100, remaining=50, reset=30' })
show('draft 10:', { ratelimit: '"default";r=50;t=30' })
show('draft 10 and X- fields:', { ratelimit: '"default";r=50;t=30', ...x })
show('X- fields alone:', x)
SCRIPT
seen=$(node parse.mjs)
echo "$seen"
[ "$seen" = 'draft 7:                {"limit":100,"used":50,"remaining":50,"reset":"Date"}
draft 10:               {"limit":null,"used":null,"remaining":null,"reset":"Invalid Date"}
draft 10 and X- fields: {"limit":null,"used":null,"remaining":null,"reset":"Invalid Date"}
X- fields alone:        {"limit":100,"used":50,"remaining":50,"reset":"Date"}' ]

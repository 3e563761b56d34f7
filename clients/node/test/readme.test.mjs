// What README.md shows works when it is pasted.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import * as net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'node:test'
import { PATIENT_MS, address, installed, send } from './support.mjs'

const page = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
const blocks = [...page.matchAll(/^```js\n(.*?)^```$/gms)].map(([, text]) => text)

async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  return port
}

test('README.md has examples', () => assert.ok(blocks.length >= 5))

for (const [index, block] of blocks.entries()) {
  const lacking = [...block.matchAll(/from '([^']+)'/g)].map(([, name]) => name).find((name) => !installed(name))
  test(`example ${index + 1} of README.md runs as it stands`, { skip: lacking && `${lacking} is not installed` }, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'rateguard-readme-'))
    t.after(() => rmSync(folder, { recursive: true }))
    symlinkSync(join(process.env.FRAMEWORKS, 'node_modules'), join(folder, 'node_modules'))
    const port = await freePort()
    const text = block.replaceAll('127.0.0.1:8080', address('RATEGUARD_HTTP')).replaceAll('127.0.0.1:6380', address('RATEGUARD_RESP')).replaceAll('3000', port)
      .replaceAll(/(url: '[^']*')/g, `$1, deadlineMs: ${PATIENT_MS}`)
    writeFileSync(join(folder, 'app.mjs'), text)
    const app = spawn(process.execPath, ['app.mjs'], { cwd: folder })
    t.after(() => app.kill('SIGKILL'))
    let printed = ''
    for (const stream of [app.stdout, app.stderr]) stream.on('data', (chunk) => (printed += chunk))
    if (!/listen\(/.test(block)) {
      const [code] = await once(app, 'exit')
      assert.equal(code, 0, printed)
      return assert.match(printed, /^9 of 10 left/)
    }
    let answer
    for (let tries = 0; !answer && tries < 300 && app.exitCode === null; tries++) {
      answer = await send(port).catch(() => undefined)
      if (!answer) await sleep(50)
    }
    assert.equal(answer?.body, 'hello', printed)
    const names = Object.keys(answer.headers)
    assert.ok(names.some((name) => name.includes('ratelimit')), names.join(' '))
  })
}

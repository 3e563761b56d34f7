// Compiles src/ twice, for `import` and for `require`.
import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const folder = import.meta.dirname ?? dirname(new URL(import.meta.url).pathname)
const typescript = dirname(createRequire(import.meta.url).resolve('typescript/package.json'))
rmSync(join(folder, 'dist'), { recursive: true, force: true })
for (const [kind, type] of [['esm', 'module'], ['cjs', 'commonjs']]) {
  const out = join(folder, 'dist', kind)
  mkdirSync(out, { recursive: true })
  // The nearest package.json says what kind of module a file is, to node and to the compiler.
  writeFileSync(join(out, 'package.json'), JSON.stringify({ type }) + '\n')
  execFileSync(process.execPath, [join(typescript, 'bin', 'tsc'), '--project', join(folder, `tsconfig.${kind}.json`)], { stdio: 'inherit' })
}

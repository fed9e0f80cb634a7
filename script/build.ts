/**
 * Compiles `src` into `dist` as it is published: plain JavaScript, plus the files that it reads.
 */
import { execFileSync } from 'node:child_process'
import { cpSync, globSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '..')
const DIST = join(ROOT, 'dist')

rmSync(DIST, { recursive: true, force: true })
const tsc = join(ROOT, 'node_modules/typescript/bin/tsc')
execFileSync(process.execPath, [tsc, '-p', join(ROOT, 'tsconfig.build.json')], { stdio: 'inherit' })
cpSync(join(ROOT, 'src/store/lua'), join(DIST, 'store/lua'), { recursive: true })

// The compiler rewrites imports, but entry files of processes and threads are named by strings.
const NAMED = /(new URL\('\.[^']*)\.ts(', import\.meta\.url\))/g
for (const path of globSync('**/*.js', { cwd: DIST })) {
  const file = join(DIST, path)
  const text = readFileSync(file, 'utf8')
  const rewritten = text.replace(NAMED, '$1.js$2')
  if (rewritten !== text) writeFileSync(file, rewritten)
}

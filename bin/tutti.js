#!/usr/bin/env node
// The command. Written so that any Node can read it, because it is the one who tells an old one.
import { existsSync } from 'node:fs'
import module from 'node:module'
import { fileURLToPath } from 'node:url'

const [major, minor] = process.versions.node.split('.').map(Number)
const isCheckout = existsSync(new URL('../src/main/tutti.ts', import.meta.url))
const isInstalled = existsSync(new URL('../dist/main/tutti.js', import.meta.url))
const hasPackages = existsSync(new URL('../node_modules/', import.meta.url))

if (major < 22 || (major === 22 && minor < 18)) {
  fail(
    `Tutti needs Node 22.18 or newer, and this is ${process.versions.node}. ` +
      (isCheckout
        ? 'Run ./script/bootstrap, which brings one, and then `npm start` or `npx tutti`.'
        : 'Install a newer one, for example from https://nodejs.org.'),
  )
} else if (isCheckout && !hasPackages) {
  fail('The packages that Tutti needs are not installed. Run ./script/bootstrap first.')
} else if (!isCheckout && !isInstalled) {
  fail('This copy of Tutti is not complete: neither src/ nor dist/ is here. Install it again.')
} else {
  // Halves the time to start. An installed copy may not be writable: there it lies where Node puts it.
  module.enableCompileCache(
    isCheckout
      ? fileURLToPath(new URL('../node_modules/.cache/compiled', import.meta.url))
      : undefined,
  )
  // In a checkout the sources run as they are; what is published is compiled.
  await import(isCheckout ? '../src/main/tutti.ts' : '../dist/main/tutti.js')
}

/** @param {string} sentence */
function fail(sentence) {
  process.stderr.write(`tutti: ${sentence}\n`)
  process.exitCode = 1
}

import { readFileSync, writeFileSync } from 'node:fs'

// Replaces a worker: its first run starts, the next two die before they are up, the others stay.

const [, , file = ''] = process.argv
const run = Number(readFileSync(file, 'utf8')) + 1
writeFileSync(file, `${run}`)
if (run === 2 || run === 3) process.exit(1)
process.send?.('up')
setInterval(() => undefined, 1_000)

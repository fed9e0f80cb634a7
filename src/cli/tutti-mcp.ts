#!/usr/bin/env node
import { programOf } from './program.ts'
import { processTerminal } from './terminal.ts'

// The same as `tutti mcp`, for the configurations of assistants that name a command alone.
const program = programOf(processTerminal(), (exitCode) => {
  process.exitCode = exitCode
})
await program.parseAsync(['mcp', ...process.argv.slice(2)], { from: 'user' })

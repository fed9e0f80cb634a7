#!/usr/bin/env node
import { programOf } from './program.ts'
import { processTerminal } from './terminal.ts'

const program = programOf(processTerminal(), (exitCode) => {
  // Not `process.exit`: what is written to a pipe may still be on its way.
  process.exitCode = exitCode
})
await program.parseAsync()

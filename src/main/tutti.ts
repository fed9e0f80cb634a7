import { programOf } from '../cli/program.ts'
import { processTerminal } from '../cli/terminal.ts'

const program = programOf(processTerminal(), {
  done(exitCode) {
    // Not `process.exit`: output to a pipe may not have been flushed yet.
    process.exitCode = exitCode
  },
  // Loaded only when asked for: other subcommands do not need the service.
  processes: {
    start: async () => void (await import('./start.ts')),
    serve: async () => void (await import('./serve.ts')),
    worker: async () => void (await import('./worker.ts')),
  },
})
await program.parseAsync()

import type { CommandUnknownOpts } from '@commander-js/extra-typings'

/** The service's processes, each of which runs until it is told to stop. */
export type Processes = Record<'start' | 'serve' | 'worker', () => Promise<void>>

/** The commands that run the service. */
export function addProcesses(program: CommandUnknownOpts, processes: Processes): void {
  program
    .command('start')
    .description('run the service on this machine: API, worker, dashboard, and a Redis of its own')
    .action(() => processes.start())
  program
    .command('serve')
    .description('run the API and the dashboard alone, on the Redis of REDIS_URL')
    .action(() => processes.serve())
  program
    .command('worker')
    .description('run a worker, on the Redis of REDIS_URL; any number of them')
    .action(() => processes.worker())
}

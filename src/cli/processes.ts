import type { CommandUnknownOpts } from '@commander-js/extra-typings'

/** The service's processes, each of which runs until it is told to stop. */
export type Processes = Record<'start' | 'serve' | 'worker', () => Promise<void>>

/** The commands that run the service. */
export function addProcesses(program: CommandUnknownOpts, processes: Processes): void {
  program
    .command('start')
    .description('run the service on this machine: API, worker, dashboard and its own Redis')
    .action(() => processes.start())
  program
    .command('serve')
    .description('run only the API and the dashboard, on the Redis at REDIS_URL')
    .action(() => processes.serve())
  program
    .command('worker')
    .description('run a worker on the Redis at REDIS_URL; any number may run')
    .action(() => processes.worker())
}

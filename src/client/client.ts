import { type Plans, plansOf } from './plans.ts'
import type { ExecutorList } from './schema.ts'
import { type Syntheses, synthesesOf } from './syntheses.ts'
import { type Tasks, tasksOf } from './tasks.ts'
import { type CallOptions, type ClientOptions, httpTransport } from './transport.ts'

/**
 * A client of the service's REST API, for Node 22 and later and for browsers. It needs nothing but
 * `fetch`. Calls are repeated by themselves where that is safe: when nothing answers, and on 429 and
 * 503 after the time that the service asks for.
 */
export interface Tutti {
  plans: Plans
  tasks: Tasks
  syntheses: Syntheses
  /** What can run tasks, and which of them is the default. */
  executors(options?: CallOptions): Promise<ExecutorList>
}

export function tutti(options: ClientOptions = {}): Tutti {
  const transport = httpTransport(options)
  return {
    plans: plansOf(transport),
    tasks: tasksOf(transport),
    syntheses: synthesesOf(transport),
    async executors(callOptions) {
      const { body } = await transport.json<ExecutorList>({
        method: 'GET',
        path: '/v1/executors',
        repeatable: true,
        options: callOptions,
      })
      return body
    },
  }
}

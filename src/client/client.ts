import { type Plans, plansOf } from './plans.ts'
import type { ExecutorList, Workers } from './schema.ts'
import { type Syntheses, synthesesOf } from './syntheses.ts'
import { type Tasks, tasksOf } from './tasks.ts'
import { type CallOptions, type ClientOptions, httpTransport } from './transport.ts'

/**
 * A client for the service's REST API, for Node 22 and later and for browsers. It only needs
 * `fetch`. Calls are repeated automatically where that is safe: if nothing answers, and on 429 and
 * 503 after the time that the service asks for.
 */
export interface Tutti {
  plans: Plans
  tasks: Tasks
  syntheses: Syntheses
  /** The available executors, and which is the default. */
  executors(options?: CallOptions): Promise<ExecutorList>
  /** Live workers, waiting jobs, and held-back providers. For an operator's key. */
  workers(options?: CallOptions): Promise<Workers>
}

export function tutti(options: ClientOptions = {}): Tutti {
  const transport = httpTransport(options)
  const get = async <T>(path: string, options: CallOptions | undefined): Promise<T> => {
    const { body } = await transport.json<T>({ method: 'GET', path, repeatable: true, options })
    return body
  }
  return {
    plans: plansOf(transport),
    tasks: tasksOf(transport),
    syntheses: synthesesOf(transport),
    executors: (callOptions) => get('/v1/executors', callOptions),
    workers: (callOptions) => get('/v1/workers', callOptions),
  }
}

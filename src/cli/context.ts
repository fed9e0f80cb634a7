import { type Tutti, tutti } from '../client/index.ts'
import type { Terminal } from './terminal.ts'

/** The options that every command takes. */
export interface GlobalOptions {
  url: string
  apiKey?: string | undefined
}

/** What a command works with. */
export interface Context {
  terminal: Terminal
  /** Where the service is. */
  url: string
  /** For single calls: gives up in about a second, because a service that is not there will not come. */
  quick: Tutti
  /** For following a plan: patient with a service that is restarted. */
  patient: Tutti
}

export function contextOf(terminal: Terminal, { url, apiKey }: GlobalOptions): Context {
  const options = { baseUrl: url, apiKey }
  return {
    terminal,
    url,
    quick: tutti({ ...options, retries: 2 }),
    patient: tutti(options),
  }
}

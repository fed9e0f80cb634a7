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
  /** The service's URL. */
  url: string
  /** For single calls: gives up after about a second, because an absent service will not appear. */
  quick: Tutti
  /** For following a plan: waits for a service that is being restarted. */
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

import { TuttiError } from './error.ts'
import { planPath, type WaitOptions } from './plans.ts'
import { poll, seconds } from './polling.ts'
import { randomKey } from './random-key.ts'
import type { Synthesis } from './schema.ts'
import { type CallOptions, pause, type Transport } from './transport.ts'
import type { SynthesisRequest } from './types.ts'

export interface NewestOptions extends CallOptions {
  /** How long to wait for a first version. Default: 0. */
  waitMs?: number | undefined
}

/** Markdown for people, SARIF 2.1.0 for code scanning, a patch for `git apply`. */
export type ExportFormat = 'markdown' | 'sarif' | 'patch'

export interface ExportOptions extends CallOptions {
  /** Defaults to the newest. */
  version?: number | undefined
}

export interface CreateOptions extends CallOptions {
  /**
   * Repeating a call with the same key and request creates no second version. By default the client
   * uses a random key, so that its own retries are safe.
   */
  idempotencyKey?: string | undefined
}

/** Every call throws `TuttiError`, or its signal's reason. */
export interface Syntheses {
  /** The newest version. @throws {TuttiError} `synthesis-not-ready` if there is none in time. */
  newest(planId: string, options?: NewestOptions): Promise<Synthesis>
  /** All versions, oldest first. */
  all(planId: string, options?: CallOptions): Promise<Synthesis[]>
  get(planId: string, version: number, options?: CallOptions): Promise<Synthesis>
  /**
   * A version as text: for people, for code scanning, or as a patch, which is empty without edits.
   */
  export(planId: string, format: ExportFormat, options?: ExportOptions): Promise<string>
  /** Requests another version without running tasks; returns its number before it exists. */
  create(
    planId: string,
    request?: SynthesisRequest,
    options?: CreateOptions,
  ): Promise<{ version: number }>
  /** A requested version, once it exists. @throws {TuttiError} `timeout` */
  wait(planId: string, version: number, options?: WaitOptions): Promise<Synthesis>
}

const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 2_000

export function synthesesOf(transport: Transport): Syntheses {
  const get: Syntheses['get'] = async (planId, version, options) => {
    const { body } = await transport.json<Synthesis>({
      method: 'GET',
      path: `${planPath(planId)}/syntheses/${version}`,
      repeatable: true,
      options,
    })
    return body
  }

  return {
    get,

    async newest(planId, { waitMs = 0, ...options } = {}) {
      const ask = async (pollMs: number): Promise<Synthesis | TuttiError> => {
        try {
          const { body } = await transport.json<Synthesis>({
            method: 'GET',
            path: `${planPath(planId)}/synthesis`,
            query: { wait: pollMs > 0 ? seconds(pollMs) : undefined },
            repeatable: true,
            waitMs: pollMs,
            options,
          })
          return body
        } catch (error) {
          if (error instanceof TuttiError && error.code === 'synthesis-not-ready') return error
          throw error
        }
      }
      const answer = await poll(waitMs, ask, (last) => !(last instanceof TuttiError))
      if (answer instanceof TuttiError) throw answer
      return answer
    },

    async all(planId, options) {
      const { body } = await transport.json<{ items: Synthesis[] }>({
        method: 'GET',
        path: `${planPath(planId)}/syntheses`,
        repeatable: true,
        options,
      })
      return body.items
    },

    async export(planId, format, { version, ...options } = {}) {
      const response = await transport.stream({
        method: 'GET',
        path: `${planPath(planId)}/${version === undefined ? 'synthesis' : `syntheses/${version}`}`,
        query: { format },
        headers: { accept: '*/*' },
        repeatable: true,
        options,
      })
      return response.text()
    },

    async create(planId, request = {}, { idempotencyKey, ...options } = {}) {
      const { body } = await transport.json<{ version: number }>({
        method: 'POST',
        path: `${planPath(planId)}/syntheses`,
        headers: { 'idempotency-key': idempotencyKey ?? randomKey() },
        body: request,
        repeatable: true,
        options,
      })
      return body
    },

    async wait(planId, version, { waitMs, ...options } = {}) {
      const deadline = waitMs === undefined ? Number.POSITIVE_INFINITY : Date.now() + waitMs
      for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
        try {
          return await get(planId, version, options)
        } catch (error) {
          if (!(error instanceof TuttiError && error.code === 'synthesis-not-found')) throw error
        }
        if (Date.now() >= deadline) {
          throw new TuttiError('timeout', `version ${version} is not there after ${waitMs} ms`)
        }
        await pause(Math.min(pauseMs, Math.max(0, deadline - Date.now())), options.signal)
      }
    },
  }
}

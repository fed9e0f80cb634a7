import { readdir, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { setImmediate } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import { Usage } from '../../src/core/contract/usage.ts'
import type { ExecutionContext, ExecutionRequest, Executor } from '../../src/core/ports/executor.ts'

/** An executor, with requests that make it do what the contract is about. */
export interface ExecutorUnderTest {
  executor: Executor
  /** Ends well, in a few seconds at most. */
  succeeds: ExecutionRequest
  /** Runs until it is aborted. */
  hangs: ExecutionRequest
  /** Resolves once `hangs` is in the middle of its work; immediately if there is nothing to wait for. */
  hanging?(): Promise<void>
  /** True for an executor whose outcome must report tokens. */
  usesTokens?: boolean
  close(): Promise<void>
}

/** How soon an executor must settle after an abort. */
const SETTLE_MS = 2_000
/** Found in the environment of nothing that an executor starts. */
const SECRET = `secret-${'of-the-operator'}-6c1f`

/** What every executor must do, whatever it runs. */
export function describeExecutor(name: string, make: () => Promise<ExecutorUnderTest>): void {
  describe(`${name}, as every executor`, () => {
    let subject: ExecutorUnderTest | undefined
    afterEach(async () => {
      delete process.env.TUTTI_TEST_SECRET
      await subject?.close()
      subject = undefined
    })

    async function open(): Promise<ExecutorUnderTest> {
      process.env.TUTTI_TEST_SECRET = SECRET
      subject = await make()
      return subject
    }

    test('is described, and finds nothing wrong with what it can run', async () => {
      const { executor, succeeds, hangs } = await open()
      const description = executor.describe()
      expect(description).toMatchObject({ name: executor.name, available: true })
      expect(description.options).toMatchObject({ type: 'object' })
      expect(['io', 'cpu']).toContain(executor.lane)
      expect(executor.validate(succeeds.spec)).toEqual([])
      expect(executor.validate(hangs.spec)).toEqual([])
    })

    test('finds unknown options, and says where they are', async () => {
      const { executor, succeeds } = await open()
      const options = { ...succeeds.spec.options, 'no such option': true }
      const problems = executor.validate({ ...succeeds.spec, options })
      expect(problems.length).toBeGreaterThan(0)
      for (const { path } of problems) expect(path[0]).toBe('options')
    })

    test('succeeds with an output, and reports what it used', async () => {
      const { executor, succeeds, usesTokens = false } = await open()
      const context = contextOf(new AbortController().signal)
      const outcome = await executor.execute(succeeds, context)
      expect(outcome.status).toBe('succeeded')
      expect(outcome.output.text).not.toBe('')
      expect(Usage.parse(outcome.usage)).toEqual(outcome.usage)
      if (usesTokens) expect(outcome.usage.inputTokens).toBeGreaterThan(0)
      if (context.usages.length > 0) expect(context.usages.at(-1)).toEqual(outcome.usage)
    })

    test.each(['timeout', 'cancelled', 'shutdown'])(
      'settles soon after an abort because of: %s',
      async (kind) => {
        const { executor, hangs, hanging } = await open()
        const controller = new AbortController()
        const ended = executor.execute(hangs, contextOf(controller.signal)).then(
          (outcome) => ({ outcome }),
          (error: unknown) => ({ error }),
        )
        await hanging?.()
        const abortedAt = performance.now()
        const reason = Object.assign(new Error(`aborted: ${kind}`), { kind })
        controller.abort(reason)
        const settled = await ended
        expect(performance.now() - abortedAt).toBeLessThan(SETTLE_MS)
        expect(settled).toEqual({ error: reason })
      },
    )

    test('does not begin what was aborted before', async () => {
      const { executor, succeeds } = await open()
      const reason = new Error('cancelled')
      const context = contextOf(AbortSignal.abort(reason))
      await expect(executor.execute(succeeds, context)).rejects.toBe(reason)
    })

    test('leaves no process, timer or file behind, whether it ends or is aborted', async () => {
      const { executor, succeeds, hangs, hanging } = await open()
      // Loads what is loaded once.
      await executor.execute(succeeds, contextOf(new AbortController().signal))
      const before = await traces()
      await executor.execute(succeeds, contextOf(new AbortController().signal))
      const controller = new AbortController()
      const aborted = executor.execute(hangs, contextOf(controller.signal)).catch(() => {})
      await hanging?.()
      controller.abort(new Error('cancelled'))
      await aborted
      // What has been ended may take a moment to be gone.
      const deadline = performance.now() + SETTLE_MS
      let after = await traces()
      while (!isWithin(after, before) && performance.now() < deadline) {
        await setImmediate()
        after = await traces()
      }
      // Fewer is fine: of what was there before, something may have ended.
      if (!isWithin(after, before)) expect(after).toEqual(before)
    })

    test('gives nothing that it starts the secrets of the environment', async () => {
      const { executor, hangs, hanging } = await open()
      const known = new Set(await childProcesses())
      const controller = new AbortController()
      const ended = executor.execute(hangs, contextOf(controller.signal)).catch(() => {})
      await hanging?.()
      for (const pid of await childProcesses()) {
        if (known.has(pid)) continue
        const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '')
        expect(environment).not.toContain(SECRET)
      }
      controller.abort(new Error('cancelled'))
      await ended
    })
  })
}

function contextOf(signal: AbortSignal): ExecutionContext & { usages: Usage[] } {
  const usages: Usage[] = []
  return {
    signal,
    usages,
    onText() {},
    onUsage(usage) {
      usages.push(usage)
    },
  }
}

interface Traces {
  processes: number
  timers: number
  files: string[]
}

/** What an executor could leave behind in this process and on this machine. */
async function traces(): Promise<Traces> {
  const timers = process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length
  const files = (await readdir(tmpdir())).filter((file) => file.startsWith('tutti-executor-'))
  return { processes: (await childProcesses()).length, timers, files }
}

function isWithin(after: Traces, before: Traces): boolean {
  return (
    after.processes <= before.processes &&
    after.timers <= before.timers &&
    after.files.every((file) => before.files.includes(file))
  )
}

/** All descendants of this process, according to /proc; none without /proc. */
async function childProcesses(of: number = process.pid): Promise<number[]> {
  const threads = await readdir(`/proc/${of}/task`).catch(() => [])
  const found: number[] = []
  for (const thread of threads) {
    const list = await readFile(`/proc/${of}/task/${thread}/children`, 'utf8').catch(() => '')
    for (const pid of list.split(' ').filter((text) => text !== '')) {
      found.push(Number(pid), ...(await childProcesses(Number(pid))))
    }
  }
  return found
}

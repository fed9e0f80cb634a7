import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { describe, expect, test, vi } from 'vitest'
import { aFolder, aTask, aWorkspace, execute, processesIn } from './support.ts'

const FILES = Object.fromEntries(
  Array.from({ length: 400 }, (_, i) => [
    `src/f${i}.ts`,
    `${Array.from({ length: 200 }, (_, n) => `export const f${n} = (a: string) => a + ${n}`).join('\n')}\n`,
  ]),
)

const patiently = { timeout: 20_000, interval: 5 }

describe('a review that is cut short', () => {
  test('ends with the reason, its processes and its copies with it', async () => {
    const [root, temporaryDir] = [await aWorkspace(FILES), await aFolder()]
    const { controller, outcome } = await whileLinting(temporaryDir, () => {
      const controller = new AbortController()
      const outcome = execute(root, {}, { signal: controller.signal, temporaryDir })
      return { controller, outcome, ended: outcome.then(noop, noop) }
    })
    controller.abort(new Error('cancelled by its caller'))
    await expect(outcome).rejects.toThrow('cancelled by its caller')
    expect(await readdir(temporaryDir)).toEqual([])
    await vi.waitUntil(async () => (await processesIn(temporaryDir)).length === 0, patiently)
  })

  test('does not begin when it was aborted before', async () => {
    const [root, temporaryDir] = [await aWorkspace({ 'a.ts': '' }), await aFolder()]
    const signal = AbortSignal.abort(new Error('too late'))
    await expect(execute(root, {}, { signal, temporaryDir })).rejects.toThrow('too late')
    expect(await readdir(temporaryDir)).toEqual([])
  })

  test('may be tried again when its process was killed from outside', async () => {
    const [root, temporaryDir] = [await aWorkspace(FILES), await aFolder()]
    const outcome = execute(root, {}, { temporaryDir })
    outcome.catch(() => {})
    const [pid] = await vi.waitUntil(async () => {
      const pids = await processesIn(temporaryDir)
      return pids.length > 0 && pids
    }, patiently)
    process.kill(pid as number, 'SIGKILL')
    await expect(outcome).rejects.toMatchObject({ name: 'TransientError', code: 'analysis-killed' })
    expect(await readdir(temporaryDir)).toEqual([])
  })

  test('leaves no process behind when the worker dies', async () => {
    const [root, temporaryDir] = [await aWorkspace(FILES), await aFolder()]
    const { worker } = await whileLinting(temporaryDir, () => {
      const worker = startWorker(root, temporaryDir)
      return { worker, ended: once(worker, 'exit') }
    })
    worker.kill('SIGKILL')
    await vi.waitUntil(async () => (await processesIn(temporaryDir)).length === 0, patiently)
  })

  test('a finished review leaves neither process nor copy', async () => {
    const [root, temporaryDir] = [await aWorkspace({ 'a.ts': 'debugger\n' }), await aFolder()]
    await execute(root, {}, { temporaryDir })
    expect(await readdir(temporaryDir)).toEqual([])
    expect(await processesIn(temporaryDir)).toEqual([])
  })
})

const noop = () => {}

/**
 * Starts a review and comes back while both its process and the linter that this one starts are
 * there. The linter lives for a fraction of a second: where it was missed, another review is begun.
 */
async function whileLinting<Review extends { ended: Promise<unknown> }>(
  temporaryDir: string,
  start: () => Review,
): Promise<Review> {
  for (;;) {
    const review = start()
    let ended = false
    void review.ended.then(() => {
      ended = true
    })
    await vi.waitUntil(
      async () => ended || (await processesIn(temporaryDir)).length >= 2,
      patiently,
    )
    if (!ended) return review
  }
}

/** A process that runs one review, as a worker does. */
function startWorker(root: string, temporaryDir: string): ChildProcess {
  const executor = new URL('../../../src/executors/static/static-executor.ts', import.meta.url)
  const request = { spec: aTask(), workspace: { root, writable: false } }
  const code = `
    import { staticExecutor } from ${JSON.stringify(executor.href)}
    const context = { signal: new AbortController().signal, onText() {}, onUsage() {} }
    const options = ${JSON.stringify({ temporaryDir })}
    await staticExecutor(options).execute(${JSON.stringify(request)}, context)
  `
  return spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: 'ignore' })
}

import { fork } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { expect, onTestFinished, test } from 'vitest'
import { keepWorker } from '../../src/main/keep-worker.ts'

const WORKER = join(import.meta.dirname, 'dying-worker.ts')
const log = pino({ level: 'silent' })

async function aCounter(runs: number): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tutti-runs-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const file = join(folder, 'runs')
  await writeFile(file, `${runs}`)
  return file
}

test('a worker that dies before it is up again is started until one stays', async () => {
  const file = await aCounter(0)
  const children: ReturnType<typeof fork>[] = []
  const stop = await keepWorker(() => {
    const child = fork(WORKER, [file])
    children.push(child)
    return child
  }, log)
  children[0]?.kill('SIGKILL')
  const runs = () => readFile(file, 'utf8')
  await expect.poll(runs, { timeout: 60_000 }).toBe('4')
  await stop()
  const last = children.at(-1)
  expect(children).toHaveLength(4)
  expect(last?.exitCode ?? last?.signalCode).not.toBeNull()
})

test('the first worker that cannot start is reported, and not started again', async () => {
  const file = await aCounter(1)
  await expect(keepWorker(() => fork(WORKER, [file]), log)).rejects.toThrow('could not start')
  expect(await readFile(file, 'utf8')).toBe('2')
})

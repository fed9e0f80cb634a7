import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, inject, onTestFinished, test } from 'vitest'

/** Starts one of the processes and reads what it says until it has exited. */
async function start(part: 'serve' | 'worker', env: Record<string, string>) {
  const file = join(import.meta.dirname, `../../src/main/${part}.ts`)
  const child = spawn(process.execPath, [file], {
    env: { PATH: process.env['PATH'] ?? '', REDIS_URL: inject('redisUrl'), PORT: '0', ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString()
  })
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, said }
}

test.each(['serve', 'worker'] as const)(
  '%s does not start with a data folder that cannot be written, and names the variable',
  async (part) => {
    const folder = await mkdtemp(join(tmpdir(), 'tutti-data-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    await writeFile(join(folder, 'file'), '')
    for (const TUTTI_DATA_DIR of ['/proc/x', join(folder, 'file')]) {
      const { code, said } = await start(part, { TUTTI_DATA_DIR })
      expect(code).toBe(1)
      expect(said).toContain('TUTTI_DATA_DIR')
      expect(said).not.toContain('    at ')
    }
  },
)

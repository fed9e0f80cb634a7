import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, inject, onTestFinished, test } from 'vitest'
import { bannerOf } from '../../src/main/banner.ts'

const COMMAND = join(import.meta.dirname, '../../bin/tutti.js')

test('for people, the start ends with where everything is and what is missing for more', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tutti-start-'))
  const child = spawn(process.execPath, [COMMAND, 'start'], {
    env: {
      PATH: process.env['PATH'] ?? '',
      REDIS_URL: inject('redisUrl'),
      TUTTI_PREFIX: `start-${process.pid}`,
      TUTTI_DATA_DIR: folder,
      PORT: '0',
      LOG_FORMAT: 'text',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await rm(folder, { recursive: true, force: true })
  })
  let said = ''
  for await (const chunk of child.stdout) {
    said += String(chunk)
    if (said.includes('A first plan')) break
  }
  expect(said).toMatch(/Dashboard {2}http:\/\/127\.0\.0\.1:\d+\/dashboard/)
  expect(said).toMatch(/INFO.*worker: worker is up/)
  expect(said).not.toContain('{"level"')
  child.kill('SIGTERM')
  const [code] = (await once(child, 'exit')) as [number | null]
  expect(code).toBe(0)
})

test('the banner names the executor, the model and the folders', () => {
  const plain = { TUTTI_MODEL: undefined, TUTTI_EXECUTOR: undefined, TUTTI_DATA_DIR: './.tutti' }
  const bare = bannerOf('http://127.0.0.1:3000', { ...plain, TUTTI_WORKSPACE_ROOTS: [] })
  expect(bare).toContain('run by static analysis. For agents, set TUTTI_MODEL')
  expect(bare).toContain('set TUTTI_WORKSPACE_ROOTS')
  const full = bannerOf('http://127.0.0.1:3000', {
    ...plain,
    TUTTI_MODEL: 'local:llama',
    TUTTI_WORKSPACE_ROOTS: ['/srv/code'],
  })
  expect(full).toContain('run by agents on local:llama.')
  expect(full).toContain('plans may read /srv/code.')
})

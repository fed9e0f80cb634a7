import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { stripVTControlCharacters } from 'node:util'
import { expect, test } from 'vitest'
import { panel } from '../../src/cli/panel.ts'
import type { Progress, TaskProgress } from '../../src/cli/progress.ts'
import { startFakeService } from '../support/fake-service.ts'

const NOW = 100_000

function progress(tasks: Partial<TaskProgress>[], overrides: Partial<Progress> = {}): Progress {
  const full = tasks.map((task, index): [string, TaskProgress] => {
    const id = task.id ?? `task-${index + 1}`
    return [
      id,
      {
        id,
        description: `Does ${id}`,
        status: 'queued',
        attempt: 1,
        startedAt: undefined,
        durationMs: undefined,
        error: undefined,
        ...task,
      },
    ]
  })
  return {
    title: 'A plan',
    status: 'running',
    tasks: new Map(full),
    synthesis: 'pending',
    stopped: undefined,
    ...overrides,
  }
}

function lines(shown: Progress, size = { columns: 80, rows: 24 }): string[] {
  return stripVTControlCharacters(panel(shown, size, 4_200, NOW)).split('\n')
}

test('the panel shows every task with its state, time and trouble', () => {
  const shown = lines(
    progress([
      { id: 'security', status: 'running', startedAt: NOW - 3_100 },
      { id: 'testing', status: 'succeeded', durationMs: 1_500 },
      { id: 'performance', status: 'failed', durationMs: 65_000, error: 'too\nslow', attempt: 3 },
      { id: 'architecture' },
    ]),
  )
  expect(shown.map((line) => line.trimEnd())).toEqual([
    'A plan · 2/4 · 4.2 s',
    expect.stringMatching(/^ {2}\S security {9}3\.1 s {2}Does security$/),
    '  ✓ testing          1.5 s  Does testing',
    '  ✗ performance 1 min 05 s  Does performance · attempt 3 · too slow',
    '  · architecture            Does architecture',
    '  · synthesis',
  ])
})

test('of more tasks than fit, those that run and those that failed are shown, in their order', () => {
  const tasks = Array.from({ length: 1_000 }, (_, index): Partial<TaskProgress> => {
    if (index === 990) return { status: 'failed', durationMs: 1 }
    if (index === 995) return { status: 'running', startedAt: NOW }
    return { status: index < 500 ? 'succeeded' : 'queued' }
  })
  const shown = lines(progress(tasks), { columns: 80, rows: 8 })
  expect(shown).toHaveLength(7)
  expect(shown.slice(1, 5).map((line) => line.trim().split(/\s+/)[1])).toEqual([
    'task-501',
    'task-502',
    'task-991',
    'task-996',
  ])
  expect(shown[5]).toBe('  … 996 more: 498 queued, 1 running, 500 succeeded, 1 failed')
})

test('no line is wider than the terminal', () => {
  const wide = { id: 'x'.repeat(64), description: 'y'.repeat(200), error: 'z'.repeat(500) }
  for (const columns of [60, 80, 200]) {
    for (const line of lines(progress([wide], { title: 'w'.repeat(300) }), { columns, rows: 24 })) {
      expect(line.length).toBeLessThanOrEqual(columns)
    }
  }
})

test('a task cannot draw on the terminal', () => {
  const shown = panel(
    progress([{ description: '\u001b[2J\u0007boo\rgone' }]),
    { columns: 80, rows: 24 },
    0,
    NOW,
  )
  expect(stripVTControlCharacters(shown)).toContain('boo')
  for (const control of ['\u001b[2J', '\u0007', '\r']) expect(shown).not.toContain(control)
})

test('on a terminal the command draws the panel over and over, and leaves its last state', async () => {
  const service = await startFakeService()
  const folder = await mkdtemp(join(tmpdir(), 'tutti-panel-'))
  const file = join(folder, 'plan.json')
  await writeFile(file, JSON.stringify({ title: 'Live', tasks: [{ id: 'a', prompt: 'A' }] }))
  const tutti = fileURLToPath(new URL('../../bin/tutti.js', import.meta.url))
  // `script` runs a command on its own terminal and passes on its exit code.
  const child = spawn(
    'script',
    ['-qec', `stty cols 100 rows 30; '${process.execPath}' '${tutti}' run '${file}'`, '/dev/null'],
    {
      env: { PATH: process.env.PATH, TUTTI_URL: service.url, TERM: 'xterm' },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  let screen = ''
  child.stdout.on('data', (chunk: Buffer) => {
    screen += chunk.toString()
    const plan = service.plans.get('plan-1')
    if (screen.includes('0/1') && plan?.status === 'queued') plan.start('a')
    // The spinner of the running task.
    if (/[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]/.test(screen) && plan?.status === 'running') plan.run()
  })
  const [code] = await once(child, 'close')
  await service.close()
  await rm(folder, { recursive: true })
  expect(code).toBe(0)
  // The cursor goes up to draw again, and is shown in the end.
  expect(screen).toContain('\u001b[1A')
  expect(screen.lastIndexOf('\u001b[?25h')).toBeGreaterThan(screen.lastIndexOf('\u001b[?25l'))
  const last = stripVTControlCharacters(screen.slice(screen.lastIndexOf('Live')))
  expect(last).toMatch(/Live · 1\/1[\s\S]*✓ a[\s\S]*✓ synthesis[\s\S]*Synthesis 1/)
  // Markdown is for files; a terminal shows what it means.
  expect(last).not.toContain('# Synthesis')
})

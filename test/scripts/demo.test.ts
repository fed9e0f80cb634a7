import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type TimelineRow, timeline } from '../../script/demo-parts/timeline.ts'

const DEMO = join(import.meta.dirname, '../../script/demo.ts')

describe('script/demo', () => {
  /** Everything that the demo leaves behind would be in here. */
  let temporary: string
  let folder: string
  beforeEach(() => {
    temporary = mkdtempSync(join(tmpdir(), 'tutti-test-demo-'))
    folder = join(temporary, 'shop')
    mkdirSync(join(folder, 'src'), { recursive: true })
    writeFileSync(
      join(folder, 'src/run.ts'),
      'export function run(code: string) {\n  return eval(code)\n}\n',
    )
  })
  afterEach(() => rmSync(temporary, { recursive: true, force: true }))

  function start(...args: string[]) {
    const child = spawn(process.execPath, [DEMO, ...args], {
      env: { PATH: process.env.PATH ?? '', HOME: temporary, TMPDIR: temporary },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    const listeners = new Set<() => void>()
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        output += chunk.toString()
        for (const listener of listeners) listener()
      })
    }
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
    const says = (text: string) =>
      new Promise<void>((resolve) => {
        const check = () => output.includes(text) && resolve()
        listeners.add(check)
        check()
      })
    return { child, ended, says, output: () => output }
  }

  test('reviews a folder from four perspectives, and leaves nothing behind', async () => {
    const demo = start(folder)
    expect(await demo.ended, demo.output()).toBe(0)
    for (const perspective of ['security', 'performance', 'testing', 'architecture']) {
      expect(demo.output()).toMatch(new RegExp(`✓ {2}${perspective} .*█.* s .*findings?`))
    }
    expect(demo.output()).toMatch(/src\/run\.ts:2/)
    expect(demo.output()).toMatch(
      /\d\.\d times as fast as one task after another: .* both measured here/,
    )
    expect(demo.output()).toContain('/dashboard')
    expect(readdirSync(temporary)).toEqual(['shop'])
  })

  test('says what it takes to review other languages', async () => {
    rmSync(join(folder, 'src/run.ts'))
    writeFileSync(join(folder, 'src/run.py'), 'def run(code):\n    return eval(code)\n')
    const demo = start(folder)
    expect(await demo.ended, demo.output()).toBe(0)
    expect(demo.output()).toContain('With TUTTI_MODEL and its key set')
  })

  test('with --keep answers until it is interrupted', async () => {
    const demo = start(folder, '--keep')
    await Promise.race([demo.says('this plan'), demo.ended])
    const plan = /this plan {2}(?<url>\S+)/.exec(demo.output())?.groups?.url ?? ''
    const answer = await fetch(plan)
    expect(await answer.json()).toMatchObject({ status: 'succeeded' })
    demo.child.kill('SIGINT')
    expect(await demo.ended).toBe(0)
    await expect(fetch(plan)).rejects.toThrow('fetch failed')
    expect(readdirSync(temporary)).toEqual(['shop'])
  })

  test.each([
    [['--port', 'many'], '--port takes a number'],
    [['/no/such/folder'], 'is not a folder'],
    [['--quick'], '--quick'],
  ])('says what is wrong with %j', async (args, sentence) => {
    const demo = start(...args)
    expect(await demo.ended).toBe(1)
    expect(demo.output()).toContain('demo: ')
    expect(demo.output()).toContain(sentence)
  })
})

describe('the timeline', () => {
  const row = (name: string, startMs?: number, endMs?: number): TimelineRow => ({
    name,
    status: endMs === undefined ? (startMs === undefined ? 'queued' : 'running') : 'succeeded',
    startMs,
    endMs,
  })

  test('draws bars side by side on one axis of time', () => {
    const drawn = timeline([row('a', 0, 500), row('bb', 500, 1_000), row('c')], 1_000, 40)
    expect(drawn.split('\n')).toEqual([
      '  ✓  a   ██████████             0.50 s',
      '  ✓  bb            ██████████   0.50 s',
      '  ·  c',
    ])
  })

  test('ends the bar of a running task at the present, although the axis continues', () => {
    const [line = ''] = timeline([row('a', 0)], 500, 40, 1_000).split('\n')
    expect(line).toBe('  ▶  a  ██████████▌             0.50 s')
  })
})
